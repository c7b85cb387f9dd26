using Orchestrator.Attestation;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>Looks at evidence without any host or device: docs/spec/quote.md.</summary>
public static class EvidenceCheck
{
    /// <summary>Reads evidence from a file of its own, or out of a receipt. Nothing of it is verified.</summary>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.EvidenceMalformed"/>, or the file cannot be read.</exception>
    public static Evidence ReadFile(string path)
    {
        byte[] bytes = LocalFile.ReadAllBytes(path, Receipt.MaxBytes, AttestationErrors.EvidenceMalformed);
        return Evidence.Parse(IsReceipt(bytes, out ReadOnlyMemory<byte> within) ? within : bytes);
    }

    /// <summary>
    /// Verifies evidence as of a time and says what a policy has against the device. What belongs to a session (manifest, nonce,
    /// checkpoint) is shown and not judged: only the agent that gave the nonce can.
    /// </summary>
    /// <param name="evidence">From <see cref="ReadFile"/>.</param>
    /// <param name="policy">Whose roots and rules.</param>
    /// <param name="time">The clock that certificates and collateral are judged by.</param>
    /// <param name="collateral">A file to take in place of the policy's; null takes the policy's.</param>
    /// <returns>The verified claims, and every reason against the device.</returns>
    /// <exception cref="OrchestratorException">A code of <see cref="AttestationErrors"/>, or a file cannot be read.</exception>
    public static (VerifiedQuote Quote, IReadOnlyList<Denial> Denials) Verify(Evidence evidence, PartyPolicy policy, TimeProvider time, string? collateral = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        VerifiedQuote quote = policy.Verifier(time, collateral).Verify(evidence);

        // There is no manifest here to accept firmware: what it would say is left to the policy's own rules.
        return (quote, policy.Rules.AssessDevice(quote.Claims, quote.Collateral?.MinimumSecurityVersion, [quote.Claims.Firmware], minimumSecurityVersion: 0));
    }

    // A receipt is an array of evidence and statement (docs/spec/receipt.md); evidence is tagged, so neither passes for the other.
    private static bool IsReceipt(byte[] bytes, out ReadOnlyMemory<byte> evidence)
    {
        evidence = default;
        try
        {
            if (CborValue.Decode(bytes, CborLimits.Default with { MaxBytes = Receipt.MaxBytes }) is CborArray { Items: [CborBytes first, CborBytes] })
            {
                evidence = first.Value;
                return true;
            }
        }
        catch (OrchestratorException)
        {
            // No CBOR at all: the reader of evidence says what is wrong with it.
        }

        return false;
    }
}
