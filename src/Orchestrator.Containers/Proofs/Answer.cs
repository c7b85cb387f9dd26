using System.Collections.Immutable;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs;

/// <summary>What the prover says of an assertion.</summary>
public enum Verdict
{
    /// <summary>The invariant excludes everything that would break it.</summary>
    Holds,

    /// <summary>It can be broken.</summary>
    Broken,

    /// <summary>Neither was found; it must not be relied on.</summary>
    Unknown,
}

/// <summary>The answer to an assertion.</summary>
/// <param name="Assertion">As it was put.</param>
/// <param name="Verdict">What was found.</param>
/// <param name="Reasons">What breaks it, or might; where it holds, what would have broken it and cannot happen.</param>
/// <param name="Remarks">What the assertion does not say.</param>
/// <param name="Counterexample">A shortest sequence of requests, each admitted by the engine, of which the last breaks the assertion; empty: none.</param>
public sealed record Answer(string Assertion, Verdict Verdict, ImmutableArray<string> Reasons, ImmutableArray<string> Remarks, ImmutableArray<Step> Counterexample);
