using System.Collections.Immutable;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>What the guest itself adds to every policy.</summary>
public sealed record GroupEnvironment
{
    /// <summary>Mounts that every container may have.</summary>
    public ImmutableArray<MountRule> DefaultMounts { get; init; } = [];

    /// <summary>Mounts that containers which may be privileged may have.</summary>
    public ImmutableArray<MountRule> PrivilegedMounts { get; init; } = [];

    /// <summary>Capabilities of a container whose policy names none.</summary>
    public ImmutableArray<string> DefaultCapabilities { get; init; } = [];

    /// <summary>Capabilities of a privileged container whose policy names none.</summary>
    public ImmutableArray<string> DefaultPrivilegedCapabilities { get; init; } = [];
}
