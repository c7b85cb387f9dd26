using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Certificates;

/// <summary>The vendor roots that a party trusts, each named by it explicitly. Nothing comes from the operating system.</summary>
public sealed class TrustAnchors
{
    private const string PemLabel = "CERTIFICATE";

    private TrustAnchors(ImmutableArray<DeviceCertificate> roots) => Roots = roots;

    /// <summary>Nobody: a verifier refuses to be made with it.</summary>
    public static TrustAnchors None { get; } = new([]);

    /// <summary>The root certificates.</summary>
    public ImmutableArray<DeviceCertificate> Roots { get; }

    /// <summary>These anchors and another root certificate.</summary>
    /// <param name="der">A self-signed certificate of the root's profile, in DER.</param>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.AnchorInvalid"/>.</exception>
    public TrustAnchors With(ReadOnlyMemory<byte> der)
    {
        try
        {
            DeviceCertificate root = DeviceCertificate.Parse(der, CertificateProfile.Root);
            root.VerifyIssuedBy(root);
            return new TrustAnchors(Roots.Add(root));
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(AttestationErrors.AnchorInvalid, e.Message, inner: e);
        }
    }

    /// <summary>These anchors and every certificate in a PEM text (RFC 7468), of which there must be one at least.</summary>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.AnchorInvalid"/>.</exception>
    public TrustAnchors WithPem(ReadOnlySpan<char> pem)
    {
        TrustAnchors anchors = this;
        while (PemEncoding.TryFind(pem, out PemFields fields))
        {
            if (!pem[fields.Label].SequenceEqual(PemLabel))
            {
                throw new OrchestratorException(AttestationErrors.AnchorInvalid, "The file holds something else than certificates.");
            }

            anchors = anchors.With(Convert.FromBase64String(pem[fields.Base64Data].ToString()));
            pem = pem[fields.Location.End..];
        }

        return anchors.Roots.Length > Roots.Length
            ? anchors
            : throw new OrchestratorException(AttestationErrors.AnchorInvalid, "The file holds no PEM certificate.");
    }
}
