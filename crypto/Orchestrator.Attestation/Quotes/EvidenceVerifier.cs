using System.Security.Cryptography;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Quotes;

/// <summary>
/// Verifies that a genuine device made a quote: certificate chain to a trusted root, validity, revocation, signature, and
/// that the quote claims nothing else than the certificates do. It knows no policy. Safe for concurrent use.
/// </summary>
public sealed class EvidenceVerifier
{
    private readonly TrustAnchors _anchors;
    private readonly TimeProvider _time;
    private readonly Collateral _collateral;
    private readonly TimeSpan _grace;

    /// <summary>Creates a verifier.</summary>
    /// <param name="anchors">The trusted roots, one at least.</param>
    /// <param name="time">The clock that validity is judged by.</param>
    /// <param name="collateral">The vendor's; with <see cref="Collateral.None"/> verified quotes say that none was consulted.</param>
    /// <param name="grace">For how long after its time collateral is still accepted; by default not at all.</param>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.NoAnchors"/>.</exception>
    public EvidenceVerifier(TrustAnchors anchors, TimeProvider time, Collateral collateral, TimeSpan grace = default)
    {
        ArgumentNullException.ThrowIfNull(anchors);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(collateral);
        if (anchors.Roots.IsEmpty)
        {
            throw new OrchestratorException(AttestationErrors.NoAnchors, "No vendor root is trusted, so no evidence can be verified.");
        }

        _anchors = anchors;
        _time = time;
        _collateral = collateral;
        _grace = grace;
    }

    /// <summary>Verifies evidence.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="AttestationErrors"/>.</exception>
    public VerifiedQuote Verify(Evidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        DateTimeOffset now = _time.GetUtcNow();
        CertificateChain chain = CertificateChain.Verify(evidence.Certificates, _anchors, now);
        bool consulted = _collateral.VerifyNotRevoked(chain, now, _grace);
        Quote claims = VerifySignature(evidence, chain.Alias.PublicKey);
        VerifyAgreement(claims, chain);
        return new VerifiedQuote(evidence, claims, chain, consulted ? _collateral.Content : null);
    }

    /// <summary>
    /// What evidence says, for people to look at. Only that the claims belong to the certificates beside them is checked, not
    /// that anybody vouches for these: whoever likes can make such evidence.
    /// </summary>
    /// <param name="evidence">As parsed.</param>
    /// <param name="presented">Its certificates, alias first.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="AttestationErrors"/>.</exception>
    public static Quote ReadUnverified(Evidence evidence, out IReadOnlyList<DeviceCertificate> presented)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        presented = CertificateChain.ParsePresented(evidence.Certificates);
        return VerifySignature(evidence, presented[0].PublicKey);
    }

    private static Quote VerifySignature(Evidence evidence, AttestationKey alias)
    {
        using ECDsa key = alias.Open();
        if (!evidence.Message.TryVerify(key, Evidence.ContentType, out VerifiedPayload? payload) ||
            !payload.Header.KeyId.Span.SequenceEqual(alias.Id.ToArray()))
        {
            throw new OrchestratorException(AttestationErrors.SignatureInvalid, "The quote is not signed by the key of the alias certificate.");
        }

        try
        {
            return Quote.FromCbor(CborValue.Decode(payload.Bytes).As("quote"));
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(AttestationErrors.EvidenceMalformed, $"The quote cannot be understood: {e.Message}", inner: e);
        }
    }

    // The vendor's and the boot firmware's words stand in certificates, later firmware's in the quote: none may overrule an earlier one.
    private static void VerifyAgreement(Quote claims, CertificateChain chain)
    {
        TcbInfo first = chain.DeviceId.Tcb!;
        TcbInfo second = chain.Alias.Tcb!;
        RequireEqual<CborValue>("ueid", Quote.UeidOf(chain.Dck.PublicKey.Id), claims.Ueid);
        RequireEqual<CborValue>("oemid", Quote.OemIdOf(chain.Root.PublicKey.Id), claims.OemId);
        RequireEqual("device_id", chain.DeviceId.PublicKey.Id, claims.DeviceId);
        RequireEqual("simulated", chain.Simulated, claims.Simulated);
        RequireEqual("firmware", new TcbInfo(claims.SecurityVersion, first.Layer, [claims.Firmware.Ccu], claims.Debug), first);
        RequireEqual("firmware", new TcbInfo(claims.SecurityVersion, second.Layer, [claims.Firmware.Icu, claims.Firmware.Tiles], claims.Debug), second);
    }

    private static void RequireEqual<T>(string claim, T certified, T claimed)
        where T : IEquatable<T>
    {
        if (!certified.Equals(claimed))
        {
            throw new OrchestratorException(AttestationErrors.ClaimsDisagree, $"The quote's {claim} is not what the device's certificates say.");
        }
    }
}
