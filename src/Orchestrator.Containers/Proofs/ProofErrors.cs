using Orchestrator.Errors;

namespace Orchestrator.Containers.Proofs;

/// <summary>Ways in which a proof about a policy fails.</summary>
public static class ProofErrors
{
    /// <summary>The claim is in words that the prover does not understand.</summary>
    public static readonly ErrorCode Assertion = new("proof-assertion", ErrorClass.Usage, "The assertion is not one that the prover understands.", "Put it in one of the forms that docs/spec/policy-proof.md lists; what is not understood is never taken to hold.");

    /// <summary>The claim is about a container that the policy does not have.</summary>
    public static readonly ErrorCode Subject = new("proof-subject", ErrorClass.NotFound, "The assertion is about something that the policy does not have.", "Name a container by its label, its program or its number, as \"#1\".");

    /// <summary>A request sequence breaks the claim.</summary>
    public static readonly ErrorCode Broken = new("proof-broken", ErrorClass.Refused, "The policy admits requests that break the assertion.", "Read the requests that are printed; take the permission that they use out of the policy.");

    /// <summary>The claim is neither proved nor refuted.</summary>
    public static readonly ErrorCode Undecided = new("proof-undecided", ErrorClass.Refused, "The prover can neither prove nor refute the assertion.", "Read the reasons; do not rely on the assertion.");

    /// <summary>The engine did something that the invariant does not foresee.</summary>
    public static readonly ErrorCode Step = new("proof-step", ErrorClass.Internal, "A step of the proof fails: the engine admits something that the invariant excludes.", "Report it with the policy: prover and engine disagree, and no assertion is answered.");
}
