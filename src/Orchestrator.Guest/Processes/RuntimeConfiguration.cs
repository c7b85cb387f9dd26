using System.Text.Json.Nodes;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;

namespace Orchestrator.Guest.Processes;

/// <summary>Writes what the runtime reads: configurations of containers and processes as the Open Container Initiative defines them (runtime-spec 1.0.2).</summary>
internal static class RuntimeConfiguration
{
    private static readonly string[] s_namespaces = ["pid", "ipc", "uts", "mount", "network"];

    private static readonly string[] s_masked =
    [
        "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    ];

    private static readonly string[] s_readOnly = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>A container with one process.</summary>
    public static JsonObject Container(PlannedProcess process, string id, IEnumerable<BoundFolder> folders, bool privileged, ReadOnlySpan<byte> seccomp)
    {
        var linux = new JsonObject { ["namespaces"] = new JsonArray([.. s_namespaces.Select(kind => (JsonNode)new JsonObject { ["type"] = kind })]) };
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
            ["mounts"] = new JsonArray([.. Standard(privileged), .. folders.Select(folder => (JsonNode)Mount(folder.Destination, folder.Type, folder.Source, [.. folder.Options]))]),
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
    };

    // Every container has these, and the policy is not asked: they give it nothing of the host's or of other containers'.
    private static JsonNode[] Standard(bool privileged) =>
    [
        Mount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
        Mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        Mount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
        Mount("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        Mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", privileged ? "rw" : "ro"]),
    ];

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
