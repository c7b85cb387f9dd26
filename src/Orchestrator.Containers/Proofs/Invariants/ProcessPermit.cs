using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Proofs.Invariants;

/// <summary>Creating a container and starting its first process.</summary>
public sealed record CreateFrom(ContainerEntry Container) : Permit("create_container")
{
    internal override bool Covers(EnforcementRequest request, Decision decision) =>
        request is CreateContainer create
        && create.Process.Command.SequenceEqual(Container.Policy.Command)
        && create.Devices.IsEmpty
        && create.SeccompProfile == Container.Policy.SeccompProfile
        && (!create.Privileged || Container.Policy.AllowElevated)
        && decision.AllowStdioAccess == Container.Policy.AllowStdioAccess
        && create.Mounts.All(mount => Container.Mounts.Any(rule => Permits(rule, create, mount, decision.Next)))
        && ProcessLimits.Keep(Container, create.Process, create.Privileges, decision);

    private static bool Permits(MountRule rule, CreateContainer create, MountRequest mount, GroupState state) =>
        rule.Destination == mount.Destination
        && rule.Type == mount.Type
        && rule.Options.Order(StringComparer.Ordinal).Distinct().SequenceEqual(mount.Options.Order(StringComparer.Ordinal).Distinct())
        && (mount.Source == rule.Source.Text || rule.Source switch
        {
            MountSource.Sandbox sandbox => IsBelow(create.SandboxDirectory, sandbox.Rest, mount.Source),
            MountSource.HugePages pages => IsBelow(create.HugePagesDirectory, pages.Rest, mount.Source),
            MountSource.Share => state.Shares.GetValueOrDefault(mount.Source) == create.ContainerId,
            _ => false,
        });

    private static bool IsBelow(string folder, TextRule rest, string source) => source.StartsWith(folder, StringComparison.Ordinal) && rest.Permits(source[folder.Length..]);
}

/// <summary>Starting a further process in a container.</summary>
public sealed record StartInside(ContainerEntry Container, ExecProcess Process) : Permit("exec_in_container")
{
    internal override bool Covers(EnforcementRequest request, Decision decision) =>
        request is ExecInContainer exec
        && exec.Process.Command.SequenceEqual(Process.Command)
        && ProcessLimits.Keep(Container, exec.Process, exec.Privileges, decision);
}

/// <summary>Starting a process in the guest beside the containers.</summary>
/// <param name="Number">Its place in the policy, from 1.</param>
/// <param name="Process">As the policy has it.</param>
public sealed record StartBeside(int Number, ExternalProcess Process) : Permit("exec_external")
{
    /// <summary>For messages.</summary>
    public string Name => $"external process #{Number} ({Words.Command(Process.Command)})";

    internal override bool Covers(EnforcementRequest request, Decision decision) =>
        request is ExecExternal exec
        && exec.Process.Command.SequenceEqual(Process.Command)
        && exec.Process.WorkingDirectory == Process.WorkingDirectory
        && decision.AllowStdioAccess == Process.AllowStdioAccess
        && ProcessLimits.Keep(Process.Environment, decision.Environment ?? exec.Process.Environment);
}

/// <summary>What every process of a container keeps to.</summary>
internal static class ProcessLimits
{
    public static bool Keep(ContainerEntry container, ProcessRequest process, ProcessPrivileges privileges, Decision decision) =>
        process.WorkingDirectory == container.Policy.WorkingDirectory
        && (privileges.NoNewPrivileges || !container.Policy.NoNewPrivileges)
        && privileges.Umask == container.Policy.User.Umask
        && container.Policy.User.User.Permits(privileges.User)
        && privileges.Groups.All(group => container.Policy.User.Groups.Any(rule => rule.Permits(group)))
        && Keep(container.Policy.Environment, decision.Environment ?? process.Environment)
        && HasCapabilities(container, decision.Capabilities ?? privileges.Capabilities);

    public static bool Keep(ImmutableArray<EnvironmentRule> rules, ImmutableArray<string> variables) =>
        variables.All(variable => rules.Any(rule => rule.Permits(variable)))
        && rules.Where(rule => rule.Required).All(rule => variables.Any(rule.Permits));

    private static bool HasCapabilities(ContainerEntry container, CapabilitySets granted) =>
        granted.Matches(container.Capabilities) || (container.PrivilegedCapabilities is { } more && granted.Matches(more));
}
