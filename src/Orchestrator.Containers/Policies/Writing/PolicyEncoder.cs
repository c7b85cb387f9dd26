using System.Collections.Immutable;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Fragments.Transparency;
using Orchestrator.Containers.Policies.Text;

namespace Orchestrator.Containers.Policies.Writing;

/// <summary>Turns what a policy means back into values, members in the order in which the runtime's tool writes them.</summary>
internal static class PolicyEncoder
{
    /// <summary>A container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="labelled">Whether its <c>id</c> and <c>name</c> are written.</param>
    public static PolicyNode Encode(ContainerPolicy container, bool labelled) => Object(
    [
        ("command", container.Command.IsEmpty ? new NullNode(default) : Texts(container.Command)),
        ("env_rules", Items(container.Environment, Encode)),
        ("layers", Texts(container.Layers)),
        ("mounts", Items(container.Mounts, Encode)),
        ("exec_processes", Items(container.ExecProcesses, Encode)),
        ("signals", Integers(container.Signals)),
        ("user", Encode(container.User)),
        ("capabilities", Encode(container.Capabilities)),
        ("seccomp_profile_sha256", Text(container.SeccompProfile)),
        ("allow_elevated", Flag(container.AllowElevated)),
        ("working_dir", Text(container.WorkingDirectory)),
        ("allow_stdio_access", Flag(container.AllowStdioAccess)),
        ("no_new_privileges", Flag(container.NoNewPrivileges)),
        .. labelled && container.Id.Length > 0 ? [("id", Text(container.Id))] : NoMembers,
        .. labelled && container.Label.Length > 0 ? [("name", Text(container.Label))] : NoMembers,
    ]);

    /// <summary>A process beside the containers.</summary>
    public static PolicyNode Encode(ExternalProcess process) => Object(
    [
        ("command", Texts(process.Command)),
        ("env_rules", Items(process.Environment, Encode)),
        ("working_dir", Text(process.WorkingDirectory)),
        ("allow_stdio_access", Flag(process.AllowStdioAccess)),
    ]);

    /// <summary>A reference to a fragment.</summary>
    public static PolicyNode Encode(FragmentReference fragment) => Object(
    [
        ("issuer", Text(fragment.Issuer)),
        ("feed", Text(fragment.Feed)),
        ("minimum_svn", Text(fragment.MinimumSvn.ToString()!)),
        ("includes", Items(fragment.Includes, include => Text(FragmentReference.NameOf(include)))),
        .. fragment.RequiredReceipts.IsEmpty ? NoMembers : [("required_receipts", Texts(fragment.RequiredReceipts))],
        .. fragment.Parameters.IsEmpty ? NoMembers : [("parameters", Object([.. fragment.Parameters.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value))]))],
    ]);

    /// <summary>A list of transparency services.</summary>
    public static PolicyNode Encode(TrustListReference list) => Object(
    [
        ("issuer", Text(list.Issuer)),
        ("subject", Text(list.Subject)),
        ("minimum_svn", Text(list.MinimumSvn.ToString()!)),
        ("allowed_ledgers", Texts(list.AllowedLedgers)),
    ]);

    /// <summary>What the platform may add.</summary>
    public static PolicyNode Encode(PlatformRule rule) => Object([("env_rules", Items(rule.Environment, Encode)), ("mounts", Items(rule.Mounts, Encode))]);

    /// <summary>A truth value.</summary>
    public static PolicyNode Flag(bool value) => new BooleanNode(default, value);

    private static (string Name, PolicyNode Value)[] NoMembers => [];

    private static PolicyNode Encode(EnvironmentRule rule) => Object(rule switch
    {
        EnvironmentRule.NameAndValue both =>
        [
            ("name", Text(both.Name.Text)),
            ("name_strategy", Strategy(both.Name)),
            ("value", Text(both.Value.Text)),
            ("value_strategy", Strategy(both.Value)),
            ("required", Flag(rule.Required)),
        ],
        EnvironmentRule.Whole whole =>
        [
            ("pattern", Text(whole.Variable.Text)),
            ("strategy", Strategy(whole.Variable)),
            ("required", Flag(rule.Required)),
        ],
        _ => throw new InvalidOperationException($"There is no way to write a {rule.GetType().Name}."),
    });

    private static PolicyNode Encode(MountRule mount) => Object(
    [
        ("destination", Text(mount.Destination)),
        ("options", Texts(mount.Options)),
        ("source", Text(mount.Source.Text)),
        ("type", Text(mount.Type)),
    ]);

    /// <summary>A process within a container.</summary>
    public static PolicyNode Encode(ExecProcess process) => Object([("command", Texts(process.Command)), ("signals", Integers(process.Signals))]);

    private static PolicyNode Encode(UserRule user) => Object(
    [
        ("user_idname", Encode(user.User)),
        ("group_idnames", Items(user.Groups, Encode)),
        ("umask", Text(user.Umask)),
    ]);

    private static PolicyNode Encode(IdentityRule rule) => Object(
    [
        ("pattern", Text(rule.Pattern.Text)),
        ("strategy", Text(rule.Strategy switch
        {
            IdentityStrategy.Any => "any",
            IdentityStrategy.Id => "id",
            IdentityStrategy.Name => "name",
            _ => "re2",
        })),
    ]);

    private static PolicyNode Encode(CapabilitySets? sets) => sets is null ? new NullNode(default) : Object(
    [
        ("bounding", Texts(sets.Bounding)),
        ("effective", Texts(sets.Effective)),
        ("inheritable", Texts(sets.Inheritable)),
        ("permitted", Texts(sets.Permitted)),
        ("ambient", Texts(sets.Ambient)),
    ]);

    private static PolicyNode Strategy(TextRule rule) => Text(rule.IsPattern ? "re2" : "string");

    private static PolicyNode Text(string value) => new StringNode(default, value);

    private static PolicyNode Texts(ImmutableArray<string> values) => Items(values, Text);

    private static PolicyNode Integers(ImmutableArray<long> values) => Items(values, value => new IntegerNode(default, value));

    private static PolicyNode Items<T>(ImmutableArray<T> items, Func<T, PolicyNode> encode) => new ArrayNode(default, [.. items.Select(encode)]);

    private static PolicyNode Object((string Name, PolicyNode Value)[] members) =>
        new ObjectNode(default, [.. members.Select(member => KeyValuePair.Create(member.Name, member.Value))]);
}
