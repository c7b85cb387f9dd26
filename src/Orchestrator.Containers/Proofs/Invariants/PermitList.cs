using System.Collections.Immutable;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Proofs.Invariants;

/// <summary>Lists all that a policy permits, point by point.</summary>
internal static class PermitList
{
    /// <summary>The permits of every enforcement point.</summary>
    public static IEnumerable<Permit> Of(ExecutionPolicy policy, ImmutableArray<ContainerEntry> containers) =>
        EnforcementPoint.All.Keys.Order(StringComparer.Ordinal).SelectMany(point => policy.RuleAt(point) switch
        {
            PointRule.DenyAll => [],
            PointRule.Framework => OfFramework(policy, containers, point),
            PointRule.AllowAll => [new Unrestricted(point, false)],
            _ => Enumerable.Repeat(new Unrestricted(point, true), 1),
        });

    private static IEnumerable<Permit> OfFramework(ExecutionPolicy policy, ImmutableArray<ContainerEntry> containers, string point)
    {
        bool opensByFragments = policy.RuleAt("load_fragment") == PointRule.Framework && !policy.Fragments.IsEmpty;
        ContainerEntry[] stacked = [.. containers.Where(entry => IsStacked(policy, entry))];
        ContainerEntry[] created = policy.RuleAt("create_container") == PointRule.Framework ? stacked : [];
        return point switch
        {
            "mount_device" => policy.Containers.SelectMany(container => container.Layers).Distinct(StringComparer.Ordinal).Select(hash => new MountLayer(hash)),
            "scratch_mount" or "rw_mount_device" => [new MountScratchSpace(point, policy.Flags.AllowUnencryptedScratch)],
            "mount_overlay" => stacked.Select(entry => new StackLayers(entry)),
            "plan9_mount" => stacked.Length > 0 || opensByFragments ? [new MountHostShare()] : [],
            "create_container" => created.Select(entry => new CreateFrom(entry)),
            "exec_in_container" => created.SelectMany(entry => entry.Policy.ExecProcesses.Select(process => new StartInside(entry, process))),
            "exec_external" => policy.ExternalProcesses.Select((process, index) => new StartBeside(index + 1, process)),
            "signal_container_process" => created.SelectMany(Signals),
            "unmount_device" or "rw_unmount_device" or "unmount_overlay" or "scratch_unmount" or "plan9_unmount" or "shutdown_container" => [new Release(point)],
            "load_fragment" => policy.Fragments.Select(fragment => new LoadFragmentOf(fragment)),
            "get_properties" => Flagged(point, policy.Flags.AllowPropertiesAccess),
            "dump_stacks" => Flagged(point, policy.Flags.AllowDumpStacks),
            "runtime_logging" => Flagged(point, policy.Flags.AllowRuntimeLogging),
            "host_network" => Flagged(point, policy.Flags.AllowHostNetwork),
            "mount_blockdev" or "unmount_blockdev" => [],

            // A point that nobody thought of here is one that permits anything.
            _ => [new Unrestricted(point, true)],
        };
    }

    // What all is admitted of is not remembered: layers that the framework did not mount are none, and without them there is no root.
    private static bool IsStacked(ExecutionPolicy policy, ContainerEntry entry) =>
        policy.RuleAt("mount_overlay") == PointRule.Framework && (entry.Policy.Layers.IsEmpty || policy.RuleAt("mount_device") == PointRule.Framework);

    private static IEnumerable<Permit> Signals(ContainerEntry entry) =>
        entry.Policy.Signals.Select(signal => new SendSignal(entry, null, signal))
            .Concat(entry.Policy.ExecProcesses.SelectMany(process => process.Signals.Select(signal => new SendSignal(entry, process, signal))));

    private static IEnumerable<Permit> Flagged(string point, bool permitted) => permitted ? [new FlagPermit(point)] : [];
}
