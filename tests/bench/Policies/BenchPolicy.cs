using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Policies.Writing;

namespace Orchestrator.Bench.Policies;

/// <summary>A group of containers such as deployments have, and what a host asks for to run them.</summary>
internal static class BenchPolicy
{
    private const string DevicePattern = "/run/mounts/scsi/m[0-9]+";

    private static readonly string[] Points =
    [
        "mount_device", "unmount_device", "mount_overlay", "unmount_overlay", "create_container", "exec_in_container", "exec_external", "shutdown_container",
        "signal_container_process", "plan9_mount", "plan9_unmount", "get_properties", "dump_stacks", "runtime_logging", "load_fragment", "scratch_mount", "scratch_unmount",
    ];

    /// <summary>A policy of containers of two layers each, 12 rules for variables, 3 mounts, 2 further processes.</summary>
    public static ExecutionPolicy Of(int containers) => new()
    {
        ApiVersion = new FrameworkVersion(0, 10, 0),
        FrameworkVersion = new FrameworkVersion(0, 2, 3),
        Points = Points.ToImmutableDictionary(point => point, _ => PointRule.Framework),
        Containers = [.. Enumerable.Range(0, containers).Select(Container)],
    };

    /// <summary>The policy as Azure's generator writes it.</summary>
    public static string Text(int containers) => PolicyWriter.Write(Of(containers), PolicyShape.Azure);

    /// <summary>Seven requests for each container: its layers and their stack, create, start a process in it, signal, shut down.</summary>
    public static ImmutableArray<EnforcementRequest> Session(int containers) => [.. Enumerable.Range(0, containers).SelectMany(Requests)];

    private static ContainerPolicy Container(int number) => new()
    {
        Command = ["/usr/bin/worker", "--shard", $"{number}"],
        Environment =
        [
            .. Enumerable.Range(0, 8).Select(index => Rule(TextRule.Exactly($"SETTING_{index}=value-{number}"))),
            Rule(TextRule.Matching("PATH=.*")),
            Rule(TextRule.Matching("HOSTNAME=[a-z0-9-]+")),
            Rule(TextRule.Matching("(?i)(FABRIC)_.+=.+")),
            Rule(TextRule.Matching("KUBERNETES_[A-Z_]+=.*")),
        ],
        Layers = [Hash(number, 0), Hash(number, 1)],
        Mounts = [.. Enumerable.Range(0, 3).Select(index => Mount($"/mnt/{index}", $"sandbox:///tmp/atlas/emptydir/{index}/.+"))],
        ExecProcesses = [new ExecProcess(["/usr/bin/probe", $"{number}"], [15]), new ExecProcess(["/usr/bin/flush"], [15])],
        Signals = [15],
        User = UserRule.Anybody,
        Capabilities = UsualCapabilities.Sets,
        SeccompProfile = "",
        AllowElevated = false,
        WorkingDirectory = "/srv",
        AllowStdioAccess = false,
        NoNewPrivileges = false,
    };

    private static IEnumerable<EnforcementRequest> Requests(int number)
    {
        string id = $"{number:x64}";
        string[] targets = [$"/run/mounts/scsi/m{2 * number}", $"/run/mounts/scsi/m{(2 * number) + 1}"];
        ImmutableArray<string> variables = [.. Enumerable.Range(0, 8).Select(index => $"SETTING_{index}=value-{number}"), "PATH=/usr/bin:/bin", $"HOSTNAME=worker-{number}", "Fabric_NodeId=7"];
        var privileges = new ProcessPrivileges(true, new Identity("1000", "worker"), [], "0022", UsualCapabilities.Sets);
        var create = new CreateContainer(id, new ProcessRequest(["/usr/bin/worker", "--shard", $"{number}"], variables, "/srv"), privileges)
        {
            Mounts = [.. Enumerable.Range(0, 3).Select(index => new MountRequest($"/mnt/{index}", $"/run/gcs/c/pod/sandboxMounts/tmp/atlas/emptydir/{index}/data", "bind", ["rbind", "rshared", "rw"]))],
            Devices = [],
            Privileged = false,
            SeccompProfile = "",
            IsSandboxContainer = false,
            SandboxDirectory = "/run/gcs/c/pod/sandboxMounts",
            HugePagesDirectory = "/run/gcs/c/pod/hugepageMounts",
        };
        yield return new MountDevice(targets[0], Hash(number, 0), DevicePattern);
        yield return new MountDevice(targets[1], Hash(number, 1), DevicePattern);
        yield return new MountOverlay(id, [targets[1], targets[0]], $"/run/gcs/c/{id}/rootfs");
        yield return create;
        yield return new ExecInContainer(id, new ProcessRequest(["/usr/bin/flush"], variables, "/srv"), privileges);
        yield return new SignalProcess(id, 15, true, []);
        yield return new ShutdownContainer(id);
    }

    private static EnvironmentRule.Whole Rule(TextRule text) => new(text, false);

    private static MountRule Mount(string destination, string source) => PolicyReader.ReadMounts(
        $"[{{\"destination\": \"{destination}\", \"source\": \"{source}\", \"type\": \"bind\", \"options\": [\"rbind\", \"rshared\", \"rw\"]}}]")[0];

    private static string Hash(int container, int layer) => $"{(container * 2) + layer + 1:x64}";
}
