namespace Orchestrator.Containers.Denials;

/// <summary>Why a request was refused, for people.</summary>
/// <param name="Error">In the published framework's words.</param>
/// <param name="Asked">What was asked for; values of variables are left out.</param>
/// <param name="Permitted">The nearest that the policy permits; empty: nothing of the kind.</param>
public sealed record Explanation(string Error, string Asked, string Permitted)
{
    /// <summary>One line.</summary>
    public override string ToString() =>
        Asked.Length == 0 && Permitted.Length == 0 ? Error
        : $"{Error}: {(Asked.Length == 0 ? "" : $"asked for {Asked}; ")}{(Permitted.Length == 0 ? "the policy permits nothing of the kind" : $"the policy permits {Permitted}")}";
}
