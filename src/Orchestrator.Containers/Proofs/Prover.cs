using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Assertions;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Proofs;

/// <summary>
/// Answers claims about all that a group can ever do under a policy. <em>Holds</em> rests on the invariant alone, <em>broken</em> on the engine
/// alone; what neither shows is unknown.
/// </summary>
public sealed class Prover
{
    private const int MaxShown = 4;

    private readonly PolicyEngine _engine;

    /// <summary>Computes the invariant of a policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="environment">What the guest adds.</param>
    public Prover(ExecutionPolicy policy, GroupEnvironment environment)
    {
        Invariant = GroupInvariant.Of(policy, environment);
        _engine = new PolicyEngine(policy, environment);
        Scripts = new ScriptWriter(Invariant);
    }

    /// <summary>What is true in every state.</summary>
    public GroupInvariant Invariant { get; }

    /// <summary>Writes scripts for the policy.</summary>
    internal ScriptWriter Scripts { get; }

    /// <summary>Checks base and step of the induction; claims are worth what this is.</summary>
    /// <exception cref="OrchestratorException"><see cref="ProofErrors.Step"/>: the engine does something that the invariant excludes.</exception>
    public Induction Check() => Induction.Check(Invariant, _engine, Scripts);

    /// <summary>Answers a claim.</summary>
    /// <exception cref="OrchestratorException"><see cref="ProofErrors.Assertion"/>, or <see cref="ProofErrors.Subject"/>.</exception>
    public Answer Ask(string assertion) => Ask(AssertionParser.Parse(Invariant, assertion));

    /// <summary>Every way of breaking a claim that the policy itself leaves open, in words.</summary>
    internal IEnumerable<string> OpenWays(string assertion) =>
        AssertionParser.Parse(Invariant, assertion).Ways(Invariant, Scripts).Where(way => !way.IsOfFragments && ProofAgainst(way) is null).Select(way => way.Words);

    private Answer Ask(Assertion assertion)
    {
        Way[] ways = [.. assertion.Ways(Invariant, Scripts)];
        ImmutableArray<string> remarks = [.. assertion.Remarks(Invariant)];
        (Way Way, ImmutableArray<Step> Steps)[] shown = [.. ways.Select(way => (way, Show(assertion, way))).Where(shown => !shown.Item2.IsEmpty).OrderBy(shown => shown.Item2.Length)];
        if (shown.Length > 0)
        {
            return new Answer(assertion.Text, Verdict.Broken, [shown[0].Way.Words], remarks, shown[0].Steps);
        }

        var impossible = ways.Select(way => (way.Words, Proof: ProofAgainst(way))).ToArray();
        ImmutableArray<string> open = [.. impossible.Where(way => way.Proof is null).Select(way => way.Words).Distinct()];
        return open.IsEmpty
            ? new Answer(assertion.Text, Verdict.Holds, [.. impossible.Select(way => $"{way.Words}, but it never comes to that: {way.Proof}").Distinct()], remarks, [])
            : new Answer(assertion.Text, Verdict.Unknown, open, remarks, []);
    }

    // Empty: no attempt does what it should. Attempts at the same thing differ in length by a step at most.
    private ImmutableArray<Step> Show(Assertion assertion, Way way) => way.Attempts
        .Select(script => Run(script))
        .Select(steps => (Steps: steps, Broken: steps.ToList().FindIndex(step => assertion.IsBrokenBy(Invariant, step))))
        .Where(run => run.Broken >= 0)
        .Take(MaxShown)
        .OrderBy(run => run.Broken)
        .Select(run => run.Steps[..(run.Broken + 1)])
        .FirstOrDefault([]);

    /// <summary>Puts a script to the engine, as far as it goes along.</summary>
    internal ImmutableArray<Step> Run(Script script)
    {
        GroupState state = GroupState.Initial;
        var steps = ImmutableArray.CreateBuilder<Step>();
        foreach (EnforcementRequest request in script.Requests)
        {
            Decision decision = _engine.Decide(state, request);
            if (!decision.Allowed)
            {
                break;
            }

            steps.Add(new Step(state, request, decision));
            state = decision.Next;
        }

        return steps.ToImmutable();
    }

    private string? ProofAgainst(Way way) =>
        way.Container is { } container ? way.IsLater && Invariant.ReusesIds ? Invariant.WhyNothingIsCreated : Invariant.WhyNever(container)
        : way.Beside is { } beside ? Impossibility.Of(Invariant.Policy, beside)
        : null;
}
