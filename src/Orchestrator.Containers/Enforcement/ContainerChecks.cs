using System.Collections.Immutable;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>Whether one candidate fits a request, aspect by aspect; and which aspects no candidate fits.</summary>
internal sealed class ContainerChecks(GroupEnvironment environment)
{
    internal static readonly MountRule WritableSysfs = new("/sys", new MountSource.Path("sysfs"), "sysfs", ["nosuid", "noexec", "nodev", "rw"]);

    /// <summary>Whether <paramref name="container"/> could be what <paramref name="request"/> creates.</summary>
    public bool Fits(GroupState state, ContainerPolicy container, CreateContainer request) =>
        PermitsNoNewPrivileges(container, request.Privileges)
        && PermitsUser(container, request.Privileges)
        && PermitsPrivilege(container, request)
        && container.WorkingDirectory == request.Process.WorkingDirectory
        && PermitsCommand(container, request)
        && request.Mounts.All(mount => PermitsMount(state, container, request, mount))
        && container.SeccompProfile == request.SeccompProfile;

    /// <summary>Whether <paramref name="container"/> could be what <paramref name="request"/> starts a process in.</summary>
    public static bool Fits(ContainerPolicy container, ExecInContainer request) =>
        container.WorkingDirectory == request.Process.WorkingDirectory
        && PermitsNoNewPrivileges(container, request.Privileges)
        && PermitsUser(container, request.Privileges)
        && container.ExecProcesses.Any(process => process.Command.SequenceEqual(request.Process.Command));

    /// <summary>Whether <paramref name="container"/> takes the signal.</summary>
    public static bool Permits(ContainerPolicy container, SignalProcess request) => request.IsInitProcess
        ? container.Signals.Contains(request.Signal)
        : container.ExecProcesses.Any(process => process.Command.SequenceEqual(request.Command) && process.Signals.Contains(request.Signal));

    /// <summary>The container's capabilities, or the default ones where the policy names none.</summary>
    public CapabilitySets CapabilitiesOf(ContainerPolicy container, bool privileged)
    {
        if (container.Capabilities is { } named)
        {
            return named;
        }

        ImmutableArray<string> some = environment.DefaultCapabilities;
        ImmutableArray<string> all = environment.DefaultPrivilegedCapabilities;
        return privileged && container.AllowElevated ? new(all, all, all, all, []) : new(some, some, [], some, []);
    }

    /// <summary>Names every aspect of <paramref name="request"/> that none of <paramref name="possible"/> permits.</summary>
    public void Explain(Reasons reasons, GroupState state, ImmutableArray<ContainerPolicy> possible, CreateContainer request)
    {
        reasons.Require(possible.Any(container => PermitsPrivilege(container, request)), "privileged escalation not allowed");
        reasons.Require(possible.Any(container => PermitsCommand(container, request)), "invalid command");
        reasons.Require(possible.Any(container => container.WorkingDirectory == request.Process.WorkingDirectory), "invalid working directory");
        reasons.Require(possible.Any(container => PermitsNoNewPrivileges(container, request.Privileges)), "invalid noNewPrivileges");
        reasons.Require(possible.Any(container => PermitsUser(container, request.Privileges)), "invalid user");
        reasons.Require(possible.Any(container => container.SeccompProfile == request.SeccompProfile), "invalid seccomp");
        string[] mounts = [.. request.Mounts.Where(mount => !possible.Any(container => PermitsMount(state, container, request, mount))).Select(mount => mount.Destination)];
        reasons.Require(mounts.Length == 0, $"invalid mount list: {string.Join(',', mounts)}");
        ExplainEnvironment(reasons, possible, request.Process);
    }

    /// <summary>Names every aspect of <paramref name="request"/> that none of <paramref name="possible"/> permits.</summary>
    public static void Explain(Reasons reasons, ImmutableArray<ContainerPolicy> possible, ExecInContainer request)
    {
        reasons.Require(possible.Any(container => container.ExecProcesses.Any(process => process.Command.SequenceEqual(request.Process.Command))), "invalid command");
        reasons.Require(possible.Any(container => container.WorkingDirectory == request.Process.WorkingDirectory), "invalid working directory");
        reasons.Require(possible.Any(container => PermitsNoNewPrivileges(container, request.Privileges)), "invalid noNewPrivileges");
        reasons.Require(possible.Any(container => PermitsUser(container, request.Privileges)), "invalid user");
        ExplainEnvironment(reasons, possible, request.Process);
    }

    /// <summary>Why no candidate takes the environment.</summary>
    public static string EnvironmentError(IEnumerable<ImmutableArray<EnvironmentRule>> candidates, ImmutableArray<string> variables)
    {
        string[] strangers = Strangers(candidates, variables);
        return strangers.Length > 0 ? $"invalid env list: {string.Join(',', strangers)}"
            : candidates.Any(rules => rules.Any(rule => rule.Required && !variables.Any(rule.Permits))) ? "missing required environment variable"
            : "no candidate takes these environment variables together";
    }

    private static void ExplainEnvironment(Reasons reasons, ImmutableArray<ContainerPolicy> possible, ProcessRequest process)
    {
        string[] strangers = Strangers(possible.Select(container => container.Environment), process.Environment);
        reasons.Require(strangers.Length == 0, $"invalid env list: {string.Join(',', strangers)}");
    }

    // Names only: values may be secret.
    private static string[] Strangers(IEnumerable<ImmutableArray<EnvironmentRule>> candidates, ImmutableArray<string> variables) =>
        [.. variables.Where(variable => !candidates.Any(rules => rules.Any(rule => rule.Permits(variable)))).Select(variable => variable.Split('=')[0])];

    private static bool PermitsCommand(ContainerPolicy container, CreateContainer request) =>
        !container.Command.IsEmpty && container.Command.SequenceEqual(request.Process.Command);

    // A container that may gain privileges may also do without.
    private static bool PermitsNoNewPrivileges(ContainerPolicy container, ProcessPrivileges requested) => !container.NoNewPrivileges || requested.NoNewPrivileges;

    private static bool PermitsUser(ContainerPolicy container, ProcessPrivileges requested) =>
        container.User.Permits(requested.User, requested.Groups, requested.Umask);

    private static bool PermitsPrivilege(ContainerPolicy container, CreateContainer request) => !request.Privileged || container.AllowElevated;

    private bool PermitsMount(GroupState state, ContainerPolicy container, CreateContainer request, MountRequest mount) =>
        RulesFor(container, request).Any(rule => Permits(state, rule, request, mount));

    private IEnumerable<MountRule> RulesFor(ContainerPolicy container, CreateContainer request)
    {
        IEnumerable<MountRule> rules = container.Mounts.Concat(environment.DefaultMounts);
        rules = container.AllowElevated ? rules.Concat(environment.PrivilegedMounts) : rules;

        // The runtime gives the group's own container a writable sysfs when any container is privileged.
        return request.IsSandboxContainer ? rules.Append(WritableSysfs) : rules;
    }

    private static bool Permits(GroupState state, MountRule rule, CreateContainer request, MountRequest mount) =>
        rule.Type == mount.Type
        && mount.Destination.Length > 0
        && rule.Destination == mount.Destination
        && rule.Options.Length == mount.Options.Length
        && rule.Options.ToHashSet(StringComparer.Ordinal).SetEquals(mount.Options)
        && PermitsSource(state, rule.Source, request, mount.Source);

    private static bool PermitsSource(GroupState state, MountSource rule, CreateContainer request, string source) => source == rule.Text || rule switch
    {
        MountSource.Sandbox sandbox => IsBelow(request.SandboxDirectory, sandbox.Rest, source),
        MountSource.HugePages pages => IsBelow(request.HugePagesDirectory, pages.Rest, source),
        MountSource.Share => state.Shares.TryGetValue(source, out string? owner) && owner == request.ContainerId,
        _ => false,
    };

    private static bool IsBelow(string directory, TextRule rest, string source) =>
        source.StartsWith(directory, StringComparison.Ordinal) && rest.Permits(source[directory.Length..]);
}
