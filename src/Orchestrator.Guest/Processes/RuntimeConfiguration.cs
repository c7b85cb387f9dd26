using System.Text.Json.Nodes;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;
using Orchestrator.Guest.Kernel;

namespace Orchestrator.Guest.Processes;

/// <summary>Writes what the runtime reads: configurations of containers and processes as the Open Container Initiative defines them (runtime-spec 1.0.2).</summary>
internal static class RuntimeConfiguration
{
    // In a user namespace of its own nobody can make or open devices, whatever capabilities the policy gives and whatever is mounted there.
    private static readonly string[] s_namespaces = ["user", "pid", "ipc", "uts", "mount", "network"];

    private static readonly string[] s_masked =
    [
        "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    ];

    private static readonly string[] s_readOnly = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>A container with one process.</summary>
    public static JsonObject Container(PlannedProcess process, string id, IEnumerable<BoundFolder> folders, bool privileged, ReadOnlySpan<byte> seccomp)
    {
        var linux = new JsonObject
        {
            ["namespaces"] = new JsonArray([.. s_namespaces.Select(kind => (JsonNode)new JsonObject { ["type"] = kind })]),
            ["uidMappings"] = Everyone(),
            ["gidMappings"] = Everyone(),
        };
        if (!privileged)
        {
            linux["maskedPaths"] = Texts(s_masked);
            linux["readonlyPaths"] = Texts(s_readOnly);
        }

        if (!seccomp.IsEmpty)
        {
            linux["seccomp"] = ParseSeccomp(seccomp);
        }

        return new JsonObject
        {
            ["ociVersion"] = "1.0.2",
            ["process"] = Process(process),
            ["root"] = new JsonObject { ["path"] = "rootfs", ["readonly"] = false },
            ["hostname"] = id[..12],
            ["mounts"] = new JsonArray([.. Standard(), .. folders.Select(folder => (JsonNode)Mount(folder.Destination, folder.Type, folder.Source, [.. folder.Options]))]),
            ["linux"] = linux,
        };
    }

    /// <summary>A process.</summary>
    public static JsonObject Process(PlannedProcess process) => new()
    {
        ["terminal"] = false,
        ["user"] = new JsonObject
        {
            ["uid"] = process.Account.UserId,
            ["gid"] = process.Account.GroupId,
            ["umask"] = Convert.ToUInt32(process.Umask, 8),
            ["additionalGids"] = new JsonArray([.. process.Account.SupplementaryIds.Select(id => (JsonNode)JsonValue.Create(id))]),
        },
        ["args"] = Texts(process.Command),
        ["env"] = Texts(process.Environment),
        ["cwd"] = process.WorkingDirectory,
        ["capabilities"] = Capabilities(process.Capabilities),
        ["noNewPrivileges"] = process.NoNewPrivileges,
        ["oomScoreAdj"] = MemoryShortage.First,
    };

    // Every container has these, and the policy is not asked: they give it nothing of the host's or of other containers'. The kernel mounts a fresh
    // sysfs in a user namespace only where the guest's own can be written to, which it cannot.
    private static JsonNode[] Standard() =>
    [
        Mount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
        Mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        Mount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
        Mount("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        Mount("/sys", "bind", "/sys", ["rbind", "nosuid", "noexec", "nodev", "ro"]),
        Mount("/sys/fs/cgroup", "tmpfs", "tmpfs", ["nosuid", "noexec", "nodev", "ro"]),
    ];

    // Users are the same inside and outside, as the files of images and volumes have them.
    private static JsonArray Everyone() => [new JsonObject { ["containerID"] = 0, ["hostID"] = 0, ["size"] = uint.MaxValue }];

    private static JsonObject Mount(string destination, string type, string source, IEnumerable<string> options) => new()
    {
        ["destination"] = destination,
        ["type"] = type,
        ["source"] = source,
        ["options"] = Texts(options),
    };

    private static JsonObject Capabilities(CapabilitySets sets) => new()
    {
        ["bounding"] = Texts(sets.Bounding),
        ["effective"] = Texts(sets.Effective),
        ["inheritable"] = Texts(sets.Inheritable),
        ["permitted"] = Texts(sets.Permitted),
        ["ambient"] = Texts(sets.Ambient),
    };

    private static JsonNode? ParseSeccomp(ReadOnlySpan<byte> profile)
    {
        try
        {
            return JsonNode.Parse(profile);
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new OrchestratorException(GuestErrors.RequestInvalid, "The seccomp profile is not JSON.", inner: e);
        }
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)JsonValue.Create(text))]);
}
