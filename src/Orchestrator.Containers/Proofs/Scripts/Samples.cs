using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Patterns.Sets;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Scripts;

/// <summary>Requests that fit a container by themselves; whether others of its image come between is another question.</summary>
internal static class Samples
{
    /// <summary>Creates the container with as little as it takes; null: some required variable is not to be had.</summary>
    public static CreateContainer? Create(ContainerEntry entry) => Environment(entry.Policy.Environment) is { } variables && User(entry.Policy.User.User) is { } user
        ? Stage.Anything() with
        {
            Process = new ProcessRequest(entry.Policy.Command, variables, entry.Policy.WorkingDirectory),
            Privileges = new ProcessPrivileges(true, user, [], entry.Policy.User.Umask, entry.Capabilities),
            SeccompProfile = entry.Policy.SeccompProfile,
        }
        : null;

    /// <summary>The same, privileged; null: the container may not be.</summary>
    public static CreateContainer? Privileged(ContainerEntry entry, CreateContainer create) => entry.PrivilegedCapabilities is { } capabilities
        ? create with { Privileged = true, Privileges = create.Privileges with { Capabilities = capabilities } }
        : null;

    /// <summary>Starts a process in the container that <paramref name="create"/> created.</summary>
    public static ExecInContainer Exec(CreateContainer create, ExecProcess process) =>
        new(create.ContainerId, create.Process with { Command = process.Command }, create.Privileges);

    /// <summary>Starts a process beside the containers; null as for <see cref="Create"/>.</summary>
    public static ExecExternal? External(ExternalProcess process) => Environment(process.Environment) is { } variables
        ? new ExecExternal(new ProcessRequest(process.Command, variables, process.WorkingDirectory))
        : null;

    /// <summary>The fewest variables that have all required ones; null: there are none, or it was not found out.</summary>
    public static ImmutableArray<string>? Environment(ImmutableArray<EnvironmentRule> rules)
    {
        ImmutableArray<string> variables = [];
        foreach (EnvironmentRule rule in rules.Where(rule => rule.Required))
        {
            if (variables.Any(rule.Permits))
            {
                continue;
            }

            if (rule.Variables.Shortest().Text is not { } variable)
            {
                return null;
            }

            variables = variables.Add(variable);
        }

        return variables;
    }

    /// <summary>Somebody whom the rule permits; null: nobody, or it was not found out.</summary>
    public static Identity? User(IdentityRule rule) => rule.Strategy switch
    {
        IdentityStrategy.Any => new Identity("65534", "nobody"),
        IdentityStrategy.Id => new Identity(rule.Pattern.Text, ""),
        _ => rule.Pattern.Texts.Shortest().Text is { } name ? new Identity(name == "root" ? "0" : "1000", name) : null,
    };

    /// <summary>A mount as the rule permits it; null: it was not found out, or there is none.</summary>
    public static MountRequest? Mount(MountRule rule, TextSet? rest = null) => Source(rule.Source, rest) is { } source
        ? new MountRequest(rule.Destination, source, rule.Type, rule.Options)
        : null;

    private static string? Source(MountSource source, TextSet? rest) => source switch
    {
        MountSource.Sandbox sandbox => Below(Stage.SandboxDirectory, sandbox.Rest, rest),
        MountSource.HugePages pages => Below(Stage.HugePagesDirectory, pages.Rest, rest),
        MountSource.Share => Stage.Share,
        _ => source.Text,
    };

    private static string? Below(string directory, TextRule rule, TextSet? rest) =>
        (rest is null ? rule.Texts : rule.Texts.And(rest)).Shortest().Text is { } text ? directory + text : null;
}
