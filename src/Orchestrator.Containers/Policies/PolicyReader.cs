using System.Collections.Immutable;
using Orchestrator.Containers.Policies.Text;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Policies;

/// <summary>Understands the text of a policy. What the engine would not enforce is refused, with line and column.</summary>
public sealed class PolicyReader
{
    private const string FrameworkPath = "data.framework.";

    private readonly Dictionary<string, PolicyRule> _rules;

    private PolicyReader(PolicyModule module) => _rules = module.Rules.ToDictionary(rule => rule.Name, StringComparer.Ordinal);

    /// <summary>Reads a policy from UTF-8 text.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="PolicyErrors"/>.</exception>
    public static ExecutionPolicy Read(ReadOnlySpan<byte> utf8) => Read(PolicyParser.Parse(utf8));

    /// <summary>Reads a policy from a string.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="PolicyErrors"/>.</exception>
    public static ExecutionPolicy Read(string text) => Read(PolicyParser.Parse(text));

    /// <summary>Reads mounts that stand outside a policy, from JSON.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="PolicyErrors"/>.</exception>
    public static ImmutableArray<MountRule> ReadMounts(string json) =>
        PolicyFields.Items(PolicyParser.Parse($"package mounts\nmounts := {json}").Rules[0].Value, "mounts", ContainerReader.ReadMount);

    private static ExecutionPolicy Read(PolicyModule module) => module.Package == "policy"
        ? new PolicyReader(module).Read()
        : throw new OrchestratorException(PolicyErrors.Syntax, $"line 1, column 1: the package is {module.Package}; a policy's is named policy.");

    private ExecutionPolicy Read()
    {
        Take("reason");

        // A flag of Windows guests.
        TakeFlag("allow_log_provider_dropping");
        ImmutableDictionary<string, PointRule> points = TakePoints();
        FrameworkVersion? api = TakeVersion("api_version", "api_svn", FrameworkVersion.Api);
        FrameworkVersion? framework = TakeVersion("framework_version", "framework_svn", FrameworkVersion.Framework);
        if (framework is null && points.ContainsValue(PointRule.Framework))
        {
            throw new OrchestratorException(PolicyErrors.Version, "The policy uses the framework's rules and does not say framework_version.");
        }

        var reader = new ContainerReader(framework ?? FrameworkVersion.Framework);
        var policy = new ExecutionPolicy
        {
            ApiVersion = api,
            FrameworkVersion = framework,
            Points = points,
            Containers = TakeItems("containers", reader.ReadContainer),
            ExternalProcesses = TakeItems("external_processes", reader.ReadExternalProcess),
            Fragments = TakeItems("fragments", reader.ReadFragment),
            PlatformRules = framework >= new FrameworkVersion(0, 5, 0) ? TakeItems("platform_rules", reader.ReadPlatformRule) : [],
            TrustLists = framework >= new FrameworkVersion(0, 5, 0) ? TakeItems("transparency_trust_lists", ContainerReader.ReadTrustList) : [],
            Flags = TakeFlags(framework),
        };
        PolicyRule? rest = _rules.Values.FirstOrDefault();
        return rest is null ? policy : throw new OrchestratorException(PolicyErrors.Unsupported, $"{rest.Position}: the engine does not know a rule {rest.Name}.");
    }

    private PolicyRule? Take(string name) => _rules.Remove(name, out PolicyRule? rule) ? rule : null;

    private FrameworkVersion? TakeVersion(string name, string formerName, FrameworkVersion newest)
    {
        if ((Take(name) ?? Take(formerName)) is not { } rule)
        {
            return null;
        }

        string text = PolicyFields.Text(rule.Value, name);
        if (!FrameworkVersion.TryParse(text, out FrameworkVersion version))
        {
            throw new OrchestratorException(PolicyErrors.Version, $"{rule.Value.Position}: {name} \"{text}\" is not of the form 1.2.3.");
        }

        return version <= newest
            ? version
            : throw new OrchestratorException(PolicyErrors.Version, $"{rule.Value.Position}: {name} {version} is newer than the engine's, {newest}.");
    }

    private ImmutableDictionary<string, PointRule> TakePoints()
    {
        var points = ImmutableDictionary.CreateBuilder<string, PointRule>(StringComparer.Ordinal);
        foreach (string name in EnforcementPoint.All.Keys.Concat(EnforcementPoint.Elsewhere))
        {
            if (Take(name) is { } rule)
            {
                points.Add(name, ReadPoint(rule));
            }
        }

        return points.ToImmutable();
    }

    private static PointRule ReadPoint(PolicyRule rule) => rule.Value switch
    {
        ReferenceNode reference when reference.Path == FrameworkPath + rule.Name => PointRule.Framework,
        ReferenceNode reference => throw new OrchestratorException(PolicyErrors.Unsupported, $"{reference.Position}: {rule.Name} is {reference.Path}, which is another point's rule."),
        _ => PolicyFields.Read(rule.Value, $"the rule {rule.Name}", fields => ReadVerdict(rule.Name, fields)),
    };

    // The streams of other processes are those of their container.
    private static PointRule ReadVerdict(string point, PolicyFields fields)
    {
        foreach (string list in ListsAt(point))
        {
            RequireNull(list, fields.Find(list));
        }

        bool streams = point is "create_container" or "exec_external" && fields.Has("allow_stdio_access") && fields.Flag("allow_stdio_access");
        return !fields.Flag("allowed") ? PointRule.DenyAll : streams ? PointRule.AllowAllAndStreams : PointRule.AllowAll;
    }

    // What a process gets where a rule admits everything: null means what is asked for, and nothing else is admitted.
    private static string[] ListsAt(string point) => point switch
    {
        "create_container" or "exec_in_container" => ["env_list", "caps_list"],
        "exec_external" => ["env_list"],
        _ => [],
    };

    private static void RequireNull(string name, PolicyNode? list)
    {
        if (list is not (null or NullNode))
        {
            throw PolicyFields.Wrong(list, $"\"{name}\"", "null");
        }
    }

    private ImmutableArray<T> TakeItems<T>(string name, Func<PolicyNode, T> read) =>
        Take(name) is { } rule ? PolicyFields.Items(rule.Value, name, read) : [];

    private bool TakeFlag(string name) => Take(name) is { } rule && PolicyFields.Flag(rule.Value, name);

    private PolicyFlags TakeFlags(FrameworkVersion? framework) => new()
    {
        AllowPropertiesAccess = TakeFlag("allow_properties_access"),
        AllowDumpStacks = TakeFlag("allow_dump_stacks"),
        AllowRuntimeLogging = TakeFlag("allow_runtime_logging"),
        AllowEnvironmentVariableDropping = TakeFlag("allow_environment_variable_dropping"),
        AllowUnencryptedScratch = TakeFlag("allow_unencrypted_scratch"),
        AllowCapabilityDropping = TakeFlag("allow_capability_dropping") && framework >= new FrameworkVersion(0, 2, 2),
        AllowHostNetwork = TakeFlag("allow_host_network") && framework >= new FrameworkVersion(0, 5, 0),
    };
}
