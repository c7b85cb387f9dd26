using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Differences;

/// <summary>
/// Says what a policy newly allows. That nothing is listed rests on one invariant covering the other; that something is certain, on both engines:
/// the new one admits what the old one refuses.
/// </summary>
public sealed class PolicyDiff
{
    private const int MaxAttempts = 4;

    private readonly Prover _before;
    private readonly Prover _after;

    private PolicyDiff(Prover before, Prover after)
    {
        _before = before;
        _after = after;
    }

    /// <summary>What <paramref name="after"/> allows and <paramref name="before"/> does not; what is certain comes first.</summary>
    public static ImmutableArray<Difference> Of(Prover before, Prover after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var diff = new PolicyDiff(before, after);
        IEnumerable<Candidate> candidates = PointDifferences.Of(before.Invariant, after.Invariant)
            .Concat(new ContainerDifferences(before, after).All())
            .Concat(ProcessDifferences.Of(before, after))
            .Concat(FragmentDifferences.Of(before.Invariant, after.Invariant));
        return [.. candidates.Select(diff.Show).DistinctBy(difference => difference.Words).OrderByDescending(difference => difference.IsCertain)];
    }

    private Difference Show(Candidate candidate)
    {
        ImmutableArray<Step> example = candidate.Attempts.Take(MaxAttempts).Select(Shown).FirstOrDefault(steps => !steps.IsEmpty, []);
        return new Difference(candidate.Words, candidate.IsCertain || !example.IsEmpty, example);
    }

    // Empty: the script shows nothing.
    private ImmutableArray<Step> Shown(Script script)
    {
        ImmutableArray<Step> after = _after.Run(script);
        ImmutableArray<Step> before = _before.Run(script);
        bool shows = after.Index().Any(step => step.Index >= before.Length || GrantsMore(step.Item.Decision, before[step.Index].Decision));
        return after.Length == script.Requests.Length && shows ? after : [];
    }

    private static bool GrantsMore(Decision after, Decision before) =>
        (after.AllowStdioAccess == true && before.AllowStdioAccess != true)
        || (after.Environment is { } variables && before.Environment is { } former && variables.Except(former, StringComparer.Ordinal).Any())
        || (after.Capabilities is { } capabilities && before.Capabilities is { } fewer && !capabilities.Matches(fewer));
}
