using System.Collections.Immutable;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>The engine's answer to a request.</summary>
/// <param name="Allowed">Whether the guest may do it.</param>
/// <param name="Next">The state after it was done; the former state where it is refused.</param>
public sealed record Decision(bool Allowed, GroupState Next)
{
    /// <summary>The environment that the process gets: what was asked for without what is dropped; null: as asked for.</summary>
    public ImmutableArray<string>? Environment { get; init; }

    /// <summary>The capabilities that it gets; null: as asked for.</summary>
    public CapabilitySets? Capabilities { get; init; }

    /// <summary>Whether the host gets its standard streams; null: settled when the container was created, or no process starts.</summary>
    public bool? AllowStdioAccess { get; init; }

    /// <summary>Whether it is refused because the policy has no rule for the point at all.</summary>
    public bool LacksRule { get; init; }

    /// <summary>Why not; empty where it is allowed, and where a rule says no without a reason.</summary>
    public ImmutableArray<string> Errors { get; init; } = [];
}
