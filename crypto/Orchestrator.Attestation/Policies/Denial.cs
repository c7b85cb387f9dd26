using Orchestrator.Errors;

namespace Orchestrator.Attestation.Policies;

/// <summary>One reason why a policy refuses.</summary>
/// <param name="Code">Stable identifier: the <see cref="ErrorCode.Id"/> of a code of <see cref="ReleaseErrors"/> or <see cref="AttestationErrors"/>.</param>
/// <param name="Claim">What was looked at, e.g. <c>security_version</c>.</param>
/// <param name="Expected">What would have been accepted.</param>
/// <param name="Observed">What was found.</param>
/// <param name="PolicyOf">Whose rule it is: a party's name, or <c>manifest</c>.</param>
/// <param name="Remedy">What would change the answer.</param>
public sealed record Denial(string Code, string Claim, string Expected, string Observed, string PolicyOf, string Remedy)
{
    /// <summary>The denial that failed verification amounts to.</summary>
    /// <param name="failure">As <see cref="Quotes.EvidenceVerifier"/> throws it.</param>
    /// <param name="policyOf">The party that verified.</param>
    public static Denial FromFailedVerification(OrchestratorException failure, string policyOf)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return new Denial(failure.Code.Id, "evidence", "verifiable evidence", failure.Message, policyOf, failure.Remedy);
    }

    /// <summary>One line for people.</summary>
    public override string ToString() => $"{Code}: {Claim} is {Observed}, expected {Expected} (policy of {PolicyOf})";
}
