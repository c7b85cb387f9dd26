using System.Text.Json;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Tests.Proofs;

/// <summary>A container as a test writes it; what it leaves out is as strict as can be.</summary>
internal sealed record Box(string Command)
{
    public string Name { get; init; } = "";

    public string[] Env { get; init; } = [];

    public string[] ExactEnv { get; init; } = [];

    public string[] RequiredEnv { get; init; } = [];

    public string Layers { get; init; } = "1";

    public string[] Exec { get; init; } = [];

    public int[] ExecSignals { get; init; } = [];

    public int[] Signals { get; init; } = [];

    public (string Strategy, string Pattern) User { get; init; } = ("id", "1000");

    public (string Strategy, string Pattern)[] Groups { get; init; } = [];

    public string[]? Capabilities { get; init; } = [];

    public (string Destination, string Source)[] Mounts { get; init; } = [];

    public bool Elevated { get; init; }

    public bool Stdio { get; init; }

    public bool NoNewPrivileges { get; init; } = true;

    public string Seccomp { get; init; } = "ab";

    public object ToJson() => new Dictionary<string, object?>
    {
        ["name"] = Name,
        ["command"] = Command.Split(' '),
        ["env_rules"] = Env.Select(pattern => Rule(pattern, "re2", false))
            .Concat(ExactEnv.Select(text => Rule(text, "string", false)))
            .Concat(RequiredEnv.Select(pattern => Rule(pattern, "re2", true))).ToArray(),
        ["layers"] = Layers.Select(digit => new string(digit, 64)).ToArray(),
        ["mounts"] = Mounts.Select(mount => new { destination = mount.Destination, source = mount.Source, type = "bind", options = new[] { "rbind", "rw" } }).ToArray(),
        ["exec_processes"] = Exec.Select(command => new { command = command.Split(' '), signals = ExecSignals }).ToArray(),
        ["signals"] = Signals,
        ["user"] = new { user_idname = Identity(User), group_idnames = Groups.Select(Identity).ToArray(), umask = "0022" },
        ["capabilities"] = Capabilities is null ? null : new { bounding = Capabilities, effective = Capabilities, inheritable = Array.Empty<string>(), permitted = Capabilities, ambient = Array.Empty<string>() },
        ["seccomp_profile_sha256"] = Seccomp,
        ["allow_elevated"] = Elevated,
        ["working_dir"] = "/",
        ["allow_stdio_access"] = Stdio,
        ["no_new_privileges"] = NoNewPrivileges,
    };

    private static object Rule(string pattern, string strategy, bool required) => new { pattern, strategy, required };

    private static object Identity((string Strategy, string Pattern) rule) => new { strategy = rule.Strategy, pattern = rule.Pattern };
}

/// <summary>Policies as tests write them.</summary>
internal static class Written
{
    private static readonly string[] Points = [.. EnforcementPoint.All.Values.Where(point => point.Introduced <= new FrameworkVersion(0, 10, 0)).Select(point => point.Name).Order(StringComparer.Ordinal)];

    /// <summary>A policy whose every point is the framework's.</summary>
    public static string Policy(params Box[] boxes) => Policy("", boxes);

    /// <summary>A policy with further rules; a point that they name is theirs.</summary>
    public static string Policy(string rules, params Box[] boxes) => Policy("0.10.0", "0.5.0", rules, boxes);

    /// <summary>Containers, as the text of an array.</summary>
    public static string Containers(params Box[] boxes) => JsonSerializer.Serialize(boxes.Select(box => box.ToJson()));

    /// <summary>A policy for an API and a framework.</summary>
    public static string Policy(string api, string framework, string rules, params Box[] boxes)
    {
        string[] own = [.. rules.Split('\n').Select(line => line.Split(" := ")[0].Trim())];
        IEnumerable<string> points = Points.Where(point => !own.Contains(point) && FrameworkVersion.TryParse(api, out FrameworkVersion version) && EnforcementPoint.All[point].Introduced <= version);
        return $"""
            package policy
            api_version := "{api}"
            framework_version := "{framework}"
            containers := {Containers(boxes)}
            {rules}
            {string.Join('\n', points.Select(point => $"{point} := data.framework.{point}"))}
            """;
    }
}
