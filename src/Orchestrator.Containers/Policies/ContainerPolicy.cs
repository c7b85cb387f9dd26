using System.Collections.Immutable;

namespace Orchestrator.Containers.Policies;

/// <summary>A process that may be started in a running container.</summary>
/// <param name="Command">Program and arguments, exactly.</param>
/// <param name="Signals">Numbers of the signals that the host may send to it.</param>
public sealed record ExecProcess(ImmutableArray<string> Command, ImmutableArray<long> Signals);

/// <summary>A container that the group may run.</summary>
public sealed record ContainerPolicy
{
    /// <summary>For people; the engine does not look at it. Empty: the policy gives none.</summary>
    public string Label { get; init; } = "";

    /// <summary>What image it was made of, for people; the engine does not look at it. Empty: the policy gives none.</summary>
    public string Id { get; init; } = "";

    /// <summary>Program and arguments, exactly; empty: it cannot be created, for its image says nothing to run.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>Environment variables that it may or must have.</summary>
    public required ImmutableArray<EnvironmentRule> Environment { get; init; }

    /// <summary>dm-verity root hashes, 64 hexadecimal digits each, the bottom layer first.</summary>
    public required ImmutableArray<string> Layers { get; init; }

    /// <summary>Mounts that it may have.</summary>
    public required ImmutableArray<MountRule> Mounts { get; init; }

    /// <summary>Processes that may be started in it later.</summary>
    public required ImmutableArray<ExecProcess> ExecProcesses { get; init; }

    /// <summary>Numbers of the signals that the host may send to its first process.</summary>
    public required ImmutableArray<long> Signals { get; init; }

    /// <summary>As whom its processes run.</summary>
    public required UserRule User { get; init; }

    /// <summary>Its capabilities, exactly; null: the runtime's default sets.</summary>
    public required CapabilitySets? Capabilities { get; init; }

    /// <summary>SHA-256 of the seccomp profile, or empty for none.</summary>
    public required string SeccompProfile { get; init; }

    /// <summary>Whether it may be privileged.</summary>
    public required bool AllowElevated { get; init; }

    /// <summary>Exactly.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Whether the host gets its standard streams.</summary>
    public required bool AllowStdioAccess { get; init; }

    /// <summary>Whether it has to run with <c>no_new_privileges</c>.</summary>
    public required bool NoNewPrivileges { get; init; }
}

/// <summary>A process that may be started in the guest beside the containers.</summary>
public sealed record ExternalProcess(
    ImmutableArray<string> Command, ImmutableArray<EnvironmentRule> Environment, string WorkingDirectory, bool AllowStdioAccess);

/// <summary>Variables and mounts that the platform may add to any container, all of one rule together.</summary>
/// <param name="Environment">Environment variables that a container may or must have besides its own.</param>
/// <param name="Mounts">Mounts that it may have besides its own.</param>
public sealed record PlatformRule(ImmutableArray<EnvironmentRule> Environment, ImmutableArray<MountRule> Mounts)
{
    /// <summary>The container as it may be on this platform.</summary>
    public ContainerPolicy Extend(ContainerPolicy container)
    {
        ArgumentNullException.ThrowIfNull(container);
        return container with { Environment = container.Environment.AddRange(Environment), Mounts = container.Mounts.AddRange(Mounts) };
    }
}
