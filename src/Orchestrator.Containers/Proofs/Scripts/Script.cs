using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;

namespace Orchestrator.Containers.Proofs.Scripts;

/// <summary>Requests that a host might send, in order, to a group that has just started.</summary>
/// <param name="Requests">At least one.</param>
public sealed record Script(ImmutableArray<EnforcementRequest> Requests)
{
    /// <summary>The script with a request at its end.</summary>
    public Script Then(EnforcementRequest request) => new(Requests.Add(request));
}

/// <summary>A step that the engine took.</summary>
/// <param name="Before">The state before.</param>
/// <param name="Request">What was asked for.</param>
/// <param name="Decision">What the engine said.</param>
public sealed record Step(GroupState Before, EnforcementRequest Request, Decision Decision);
