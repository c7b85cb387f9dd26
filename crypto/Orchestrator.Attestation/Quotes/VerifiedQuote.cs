using Orchestrator.Attestation.Certificates;
using Orchestrator.Crypto;

namespace Orchestrator.Attestation.Quotes;

/// <summary>
/// Claims that a device with a valid chain to a trusted root has signed. Only <see cref="EvidenceVerifier"/> makes one.
/// Whether the claims are acceptable is for a policy to say (<see cref="Policies.ReleasePolicy"/>).
/// </summary>
public sealed class VerifiedQuote
{
    internal VerifiedQuote(Evidence evidence, Quote claims, CertificateChain chain, CollateralContent? collateral)
    {
        Evidence = evidence;
        Claims = claims;
        Chain = chain;
        Collateral = collateral;
    }

    /// <summary>The signed bytes.</summary>
    public Evidence Evidence { get; }

    /// <summary>SHA-256 of the evidence: names this quote in key packages.</summary>
    public Digest Digest => Evidence.Digest;

    /// <summary>What the device claims.</summary>
    public Quote Claims { get; }

    /// <summary>The device's certificates.</summary>
    public CertificateChain Chain { get; }

    /// <summary>The key that signed the quote, and signs the session's receipt.</summary>
    public AttestationKey AliasKey => Chain.Alias.PublicKey;

    /// <summary>What the vendor's current collateral says, which does not revoke the device; <see langword="null"/> if none was consulted.</summary>
    public CollateralContent? Collateral { get; }
}
