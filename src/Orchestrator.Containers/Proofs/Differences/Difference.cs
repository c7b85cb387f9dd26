using System.Collections.Immutable;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Differences;

/// <summary>Something that one policy allows and another does not.</summary>
/// <param name="Words">What.</param>
/// <param name="IsCertain">Whether it is shown; otherwise it may be that the other allows it, too.</param>
/// <param name="Example">Requests that the one admits, of which the other refuses one or grants less; empty: the policies' texts show it, or nothing does.</param>
public sealed record Difference(string Words, bool IsCertain, ImmutableArray<Step> Example);

/// <summary>A difference before it is shown.</summary>
/// <param name="Words">What.</param>
/// <param name="Attempts">Scripts that may show it.</param>
internal sealed record Candidate(string Words, IEnumerable<Script> Attempts)
{
    /// <summary>Whether the policies' texts show it: no request can be made without a fragment's signer.</summary>
    public bool IsCertain { get; init; }
}
