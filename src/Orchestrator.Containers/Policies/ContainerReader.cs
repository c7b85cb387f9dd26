using System.Collections.Immutable;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Fragments.Transparency;
using Orchestrator.Containers.Policies.Text;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Policies;

/// <summary>Reads the objects of a policy or fragment as its framework's version means them.</summary>
internal sealed class ContainerReader(FrameworkVersion framework)
{
    // Older policies could not name these signals; the framework's later rules count them in.
    private static readonly ImmutableArray<long> SignalsOfOlderPolicies = [9, 15];

    /// <summary>A container.</summary>
    public ContainerPolicy ReadContainer(PolicyNode node) => PolicyFields.Read(node, "a container", fields =>
    {
        return new ContainerPolicy
        {
            Label = (fields.Find("name") as StringNode)?.Value ?? "",
            Id = (fields.Find("id") as StringNode)?.Value ?? "",
            Command = fields.Require("command") is NullNode ? [] : fields.Texts("command"),
            Environment = ReadEnvironment(fields),
            Layers = fields.Texts("layers"),
            Mounts = fields.Objects("mounts", "a mount", ReadMount),
            ExecProcesses = fields.Objects("exec_processes", "an exec process", ReadExecProcess),
            Signals = Since(new(0, 4, 1)) ? fields.Integers("signals") : [.. fields.Integers("signals").Union(SignalsOfOlderPolicies)],
            AllowElevated = fields.Flag("allow_elevated"),
            WorkingDirectory = fields.Text("working_dir"),
            AllowStdioAccess = fields.Flag("allow_stdio_access"),
            NoNewPrivileges = From(new(0, 2, 0), fields, "no_new_privileges", node => PolicyFields.Flag(node, "\"no_new_privileges\""), false),
            User = From(new(0, 2, 1), fields, "user", ReadUser, UserRule.Anybody),
            Capabilities = From(new(0, 2, 2), fields, "capabilities", ReadCapabilities, null),
            SeccompProfile = From(new(0, 2, 3), fields, "seccomp_profile_sha256", node => PolicyFields.Text(node, "\"seccomp_profile_sha256\""), ""),
        };
    });

    /// <summary>A process beside the containers.</summary>
    public ExternalProcess ReadExternalProcess(PolicyNode node) => PolicyFields.Read(node, "an external process", fields =>
        new ExternalProcess(fields.Texts("command"), ReadEnvironment(fields), fields.Text("working_dir"), fields.Flag("allow_stdio_access")));

    /// <summary>A reference to a fragment.</summary>
    public FragmentReference ReadFragment(PolicyNode node) => PolicyFields.Read(node, "a fragment", fields =>
        new FragmentReference(fields.Text("issuer"), fields.Text("feed"), ReadSvn(fields.Require("minimum_svn")), PolicyFields.Items(fields.Require("includes"), "\"includes\"", ReadInclude))
        {
            RequiredReceipts = HasNewer(fields, "required_receipts") ? fields.Texts("required_receipts") : [],
            Parameters = HasNewer(fields, "parameters") ? ReadParameters(fields.Require("parameters")) : FragmentReference.NoParameters,
        });

    /// <summary>A list of transparency services.</summary>
    public static TrustListReference ReadTrustList(PolicyNode node) => PolicyFields.Read(node, "a transparency trust list", fields => new TrustListReference(
        fields.Text("issuer"),
        fields.Text("subject"),
        fields.Require("minimum_svn") is IntegerNode { Value: >= 0 } number ? new SecurityVersion.Whole((ulong)number.Value) : ReadSvn(fields.Require("minimum_svn")),
        fields.Texts("allowed_ledgers")));

    /// <summary>What the platform may add to any container.</summary>
    public PlatformRule ReadPlatformRule(PolicyNode node) => PolicyFields.Read(node, "a platform rule", fields =>
        new PlatformRule(ReadEnvironment(fields), fields.Objects("mounts", "a mount", ReadMount)));

    /// <summary>A security version number.</summary>
    public static SecurityVersion ReadSvn(PolicyNode node) => SecurityVersion.TryParse(PolicyFields.Text(node, "a security version number"))
        ?? throw new OrchestratorException(PolicyErrors.Value, $"{node.Position}: a security version number is a whole number, or of the form 1.2.3, in quotes.");

    private bool HasNewer(PolicyFields fields, string name) => Since(new(0, 5, 0)) && fields.Has(name);

    private static FragmentInclude ReadInclude(PolicyNode node) => FragmentReference.TryParseInclude(PolicyFields.Text(node, "an item of \"includes\""))
        ?? throw new OrchestratorException(PolicyErrors.Unsupported, $"{node.Position}: a fragment includes containers, external_processes, fragments, platform_rules, namespace; nothing else.");

    private static ImmutableSortedDictionary<string, PolicyNode> ReadParameters(PolicyNode node) =>
        (node as ObjectNode ?? throw PolicyFields.Wrong(node, "\"parameters\"", "an object")).Members.ToImmutableSortedDictionary(StringComparer.Ordinal);

    private bool Since(FrameworkVersion version) => framework >= version;

    // A field that the policy's version does not have yet is without effect, and means what it meant then.
    private T From<T>(FrameworkVersion introduced, PolicyFields fields, string name, Func<PolicyNode, T> read, T before)
    {
        fields.Ignore(name);
        return Since(introduced) ? read(fields.Require(name)) : before;
    }

    private static ExecProcess ReadExecProcess(PolicyFields fields)
    {
        // One generator writes it; the streams of such a process follow the container's.
        fields.Ignore("allow_stdio_access");
        return new ExecProcess(fields.Texts("command"), fields.Integers("signals"));
    }

    private static ImmutableArray<EnvironmentRule> ReadEnvironment(PolicyFields owner) => owner.Objects<EnvironmentRule>("env_rules", "an environment rule", fields =>
    {
        bool required = fields.Find("required") is { } flag && PolicyFields.Flag(flag, "\"required\"");
        if (fields.Has("name"))
        {
            return new EnvironmentRule.NameAndValue(ReadText(fields, "name", "name_strategy"), ReadText(fields, "value", "value_strategy"), required);
        }

        return new EnvironmentRule.Whole(ReadText(fields, "pattern", "strategy"), required);
    });

    private static TextRule ReadText(PolicyFields fields, string name, string strategyName)
    {
        PolicyNode strategy = fields.Require(strategyName);
        string text = fields.Text(name);
        return PolicyFields.Text(strategy, $"\"{strategyName}\"") switch
        {
            "string" => TextRule.Exactly(text),
            "re2" => ReadPattern(text, fields.Require(name).Position),
            string other => throw new OrchestratorException(PolicyErrors.Unsupported, $"{strategy.Position}: \"{other}\" is no strategy; there are \"string\" and \"re2\"."),
        };
    }

    private static TextRule ReadPattern(string pattern, TextPosition position) => Admit(TextRule.Matching, pattern, position);

    private static T Admit<T>(Func<string, T> parse, string pattern, TextPosition position)
    {
        try
        {
            return parse(pattern);
        }
        catch (FormatException e)
        {
            throw new OrchestratorException(PolicyErrors.Pattern, $"{position}: the pattern {pattern} is not admitted: {e.Message}.", inner: e);
        }
    }

    /// <summary>A mount.</summary>
    public static MountRule ReadMount(PolicyNode node) => PolicyFields.Read(node, "a mount", ReadMount);

    private static MountRule ReadMount(PolicyFields fields) => new(
        fields.Text("destination"),
        Admit(MountSource.Parse, fields.Text("source"), fields.Require("source").Position),
        fields.Text("type"),
        fields.Texts("options"));

    private static UserRule ReadUser(PolicyNode node) => PolicyFields.Read(node, "a user", fields => new UserRule(
        PolicyFields.Read(fields.Require("user_idname"), "a user's name rule", ReadIdentity),
        fields.Objects("group_idnames", "a group's name rule", ReadIdentity),
        fields.Text("umask")));

    private static IdentityRule ReadIdentity(PolicyFields fields)
    {
        PolicyNode strategy = fields.Require("strategy");
        string pattern = fields.Text("pattern");
        return PolicyFields.Text(strategy, "\"strategy\"") switch
        {
            "any" => new(IdentityStrategy.Any, TextRule.Exactly(pattern)),
            "id" => new(IdentityStrategy.Id, TextRule.Exactly(pattern)),
            "name" => new(IdentityStrategy.Name, TextRule.Exactly(pattern)),
            "re2" => new(IdentityStrategy.Pattern, ReadPattern(pattern, fields.Require("pattern").Position)),
            string other => throw new OrchestratorException(PolicyErrors.Unsupported, $"{strategy.Position}: \"{other}\" is no strategy; there are \"any\", \"id\", \"name\" and \"re2\"."),
        };
    }

    private static CapabilitySets? ReadCapabilities(PolicyNode node) => node is NullNode ? null : PolicyFields.Read(node, "a container's capabilities", fields =>
        new CapabilitySets(fields.Texts("bounding"), fields.Texts("effective"), fields.Texts("inheritable"), fields.Texts("permitted"), fields.Texts("ambient")));
}
