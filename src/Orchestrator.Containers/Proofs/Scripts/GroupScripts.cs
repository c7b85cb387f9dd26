using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Scripts;

/// <summary>The shortest scripts to points that need no container.</summary>
internal static class GroupScripts
{
    private const string Device = "/run/mounts/scsi/m0";
    private const string Scratch = "/run/gcs/scratch";

    /// <summary>Scripts that end with a request to <paramref name="point"/>, as permissive as <paramref name="permit"/> lets them be.</summary>
    public static IEnumerable<Script> At(string point, Permit permit)
    {
        bool unencrypted = permit is not MountScratchSpace { Unencrypted: false };
        MountDevice layer = new(Device, permit is MountLayer known ? known.Hash : new string('e', 64), Stage.DevicePattern);
        MountWritableDevice writable = new(Device, !unencrypted, true, "ext4", Stage.DevicePattern);
        MountScratch scratch = new(Scratch, !unencrypted);
        bool alone = permit is Unrestricted;
        return point switch
        {
            "mount_device" => [new Script([layer])],
            "rw_mount_device" => [new Script([writable])],
            "rw_unmount_device" => Pair(alone, writable with { Encrypted = true }, new UnmountWritableDevice(Device)),
            "scratch_mount" => [new Script([scratch])],
            "scratch_unmount" => Pair(alone, scratch with { Encrypted = true }, new UnmountScratch(Scratch)),
            "mount_blockdev" or "unmount_blockdev" => [new Script([new BlockDevice(point, Device)])],
            "unmount_device" => alone ? [new Script([new UnmountDevice(Device)])] : [],
            "mount_overlay" => [new Script([new MountOverlay(Stage.Id, [], "/run/gcs/c/rootfs")])],
            "unmount_overlay" => alone ? [new Script([new UnmountOverlay("/run/gcs/c/rootfs")])] : [],
            "plan9_unmount" => alone ? [new Script([new UnmountShare(Stage.Share)])] : [],
            "create_container" => [new Script([Stage.Anything()])],
            "exec_in_container" => [new Script([new ExecInContainer(Stage.Id, Stage.Anything().Process, Stage.Nobody)])],
            "exec_external" => [new Script([new ExecExternal(Stage.Anything().Process)])],
            "signal_container_process" => [new Script([new SignalProcess(Stage.Id, 9, true, [])])],
            "shutdown_container" => alone ? [new Script([new ShutdownContainer(Stage.Id)])] : [],
            "get_properties" or "dump_stacks" or "runtime_logging" or "host_network" => [new Script([new FlaggedAccess(point)])],
            _ => [],
        };
    }

    private static IEnumerable<Script> Pair(bool alone, EnforcementRequest before, EnforcementRequest request) => [alone ? new Script([request]) : new Script([before, request])];
}
