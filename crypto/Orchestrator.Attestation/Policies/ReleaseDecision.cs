using System.Collections.Immutable;

namespace Orchestrator.Attestation.Policies;

/// <summary>A policy's answer: a permit, or all the reasons against one.</summary>
public sealed class ReleaseDecision
{
    internal ReleaseDecision(ReleasePermit permit)
    {
        Permit = permit;
        Denials = [];
    }

    internal ReleaseDecision(ImmutableArray<Denial> denials) => Denials = denials;

    /// <summary>The permit; <see langword="null"/> exactly when there are denials.</summary>
    public ReleasePermit? Permit { get; }

    /// <summary>Every reason for refusing, not only the first.</summary>
    public ImmutableArray<Denial> Denials { get; }
}
