using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Certificates;

/// <summary>
/// What a vendor says of its devices after it has shipped them: which keys it has withdrawn, and the least security version that
/// it still vouches for. Signed by its root, or by a key that its root certified for this; only <see cref="Verify"/> makes one.
/// A key is named by its <see cref="AttestationKey.Id"/>: a DCK's stands for the device with every firmware, a DeviceID's for
/// the device with one. See <c>docs/spec/quote.md</c>.
/// </summary>
public sealed class Collateral
{
    /// <summary>What the signed payload is.</summary>
    public const string ContentType = "application/orchestrator-collateral+cbor";

    /// <summary>Most revoked keys.</summary>
    public const int MaxKeys = 16384;

    private const string Profile = "orchestrator/collateral/v1";
    private const long LatestTime = 253402300799; // 9999-12-31T23:59:59Z

    private Collateral(Measurement? root, CollateralContent content)
    {
        Root = root;
        Content = content;
    }

    /// <summary>No collateral: quotes that are verified without it say so.</summary>
    public static Collateral None { get; } = new(null, new CollateralContent(default, default, [], 0));

    /// <summary>SHA-384 of the vendor's root key; <see langword="null"/> if this is <see cref="None"/>.</summary>
    public Measurement? Root { get; }

    /// <summary>What the vendor says.</summary>
    public CollateralContent Content { get; }

    /// <summary>Signs collateral: COSE_Sign1.</summary>
    /// <param name="key">The root's key pair, or that of <paramref name="certificate"/>.</param>
    /// <param name="certificate">In DER, of the profile <see cref="CertificateProfile.Collateral"/>; <see langword="null"/> when the root itself signs.</param>
    /// <param name="content">Times to the second; at most <see cref="MaxKeys"/> keys.</param>
    public static byte[] Issue(ECDsa key, byte[]? certificate, CollateralContent content)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(content);
        CborValue payload = CborMap.Of(
            ("profile", Profile),
            ("not_before", content.NotBefore.ToUnixTimeSeconds()),
            ("next_update", content.NextUpdate.ToUnixTimeSeconds()),
            ("revoked", new CborArray(content.Revoked.Select(revoked => (CborValue)revoked.ToArray()))),
            ("minimum_security_version", content.MinimumSecurityVersion));
        return CoseSign1.Sign(
            key, ContentType, Measurement.Of(key.ExportSubjectPublicKeyInfo()).ToArray(), certificate is null ? [] : [certificate], payload.Encode());
    }

    /// <summary>Verifies collateral, except for its times, which count when it is used.</summary>
    /// <param name="bytes">Untrusted bytes.</param>
    /// <param name="anchors">One of them must have signed, or certified the signer.</param>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.CollateralInvalid"/>.</exception>
    public static Collateral Verify(ReadOnlyMemory<byte> bytes, TrustAnchors anchors)
    {
        ArgumentNullException.ThrowIfNull(anchors);
        try
        {
            CoseSign1 message = CoseSign1.Parse(bytes);
            (DeviceCertificate signer, DeviceCertificate root) = FindSigner(message.Header, anchors);
            using ECDsa key = signer.PublicKey.Open();
            if (!message.TryVerify(key, ContentType, out VerifiedPayload? payload))
            {
                throw Invalid("The collateral is not signed by the key that it names.");
            }

            CollateralContent content = Read(CborValue.Decode(payload.Bytes).As("collateral"));

            // The signer's time is that of signing; how long what it signed holds, it says itself.
            signer.VerifyValidAt(content.NotBefore);
            return new Collateral(root.PublicKey.Id, content);
        }
        catch (OrchestratorException e) when (e.Code != AttestationErrors.CollateralInvalid)
        {
            throw new OrchestratorException(AttestationErrors.CollateralInvalid, $"The collateral cannot be understood: {e.Message}", inner: e);
        }
    }

    /// <summary>Checks a chain against the collateral.</summary>
    /// <param name="chain">A device's.</param>
    /// <param name="time">When the collateral must be current.</param>
    /// <param name="grace">For how long after its time it is still accepted.</param>
    /// <returns>Whether the collateral is of the chain's vendor, and so says anything about it.</returns>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.Revoked"/> or <see cref="AttestationErrors.CollateralStale"/>.</exception>
    public bool VerifyNotRevoked(CertificateChain chain, DateTimeOffset time, TimeSpan grace)
    {
        ArgumentNullException.ThrowIfNull(chain);
        if (Root != chain.Root.PublicKey.Id)
        {
            return false;
        }

        if (time < Content.NotBefore || time - grace > Content.NextUpdate)
        {
            throw new OrchestratorException(AttestationErrors.CollateralStale,
                $"The collateral is valid from {Content.NotBefore:u} to {Content.NextUpdate:u}; it is {time:u}, and the policy's grace is {grace.TotalDays:0} days.");
        }

        DeviceCertificate? revoked = chain.Certificates.FirstOrDefault(certificate => Content.Revoked.Contains(certificate.PublicKey.Id));
        return revoked is null
            ? true
            : throw new OrchestratorException(AttestationErrors.Revoked, $"The vendor has revoked the device's {revoked.Profile.Name} key {revoked.PublicKey.Id}.");
    }

    private static (DeviceCertificate Signer, DeviceCertificate Root) FindSigner(CoseHeader header, TrustAnchors anchors)
    {
        DeviceCertificate? certified = header.Certificates switch
        {
            [] => null,
            [var der] => DeviceCertificate.Parse(der, CertificateProfile.Collateral),
            _ => throw Invalid("The collateral presents more than one certificate."),
        };
        DeviceCertificate? root = anchors.Roots.FirstOrDefault(root => certified is null ? Names(header, root) : certified.NamesAsIssuer(root));
        DeviceCertificate signer = certified ?? root ?? throw Invalid("The collateral is not signed by a trusted vendor root.");
        if (root is null || !Names(header, signer))
        {
            throw Invalid("The collateral's signer was not certified by a trusted vendor root.");
        }

        certified?.VerifyIssuedBy(root);
        return (signer, root);
    }

    private static bool Names(CoseHeader header, DeviceCertificate signer) => header.KeyId.Span.SequenceEqual(signer.PublicKey.Id.ToArray());

    private static CollateralContent Read(CborField field) => field.ReadMap(map =>
    {
        CborField profile = map.Required("profile");
        if (profile.AsText() != Profile)
        {
            throw profile.OutOfRange($"is not {Profile}");
        }

        return new CollateralContent(
            ReadTime(map.Required("not_before")),
            ReadTime(map.Required("next_update")),
            [.. map.Required("revoked").AsArray(MaxKeys).Select(key => new Measurement(key.AsFixedBytes(Measurement.Size).Span))],
            map.Required("minimum_security_version").AsInt32(min: 0));
    });

    private static DateTimeOffset ReadTime(CborField field) => DateTimeOffset.FromUnixTimeSeconds(field.AsInt64(0, LatestTime));

    private static OrchestratorException Invalid(string message) => new(AttestationErrors.CollateralInvalid, message);
}

/// <summary>What collateral says.</summary>
/// <param name="NotBefore">From when on it holds, included.</param>
/// <param name="NextUpdate">When the next one will have replaced it, included.</param>
/// <param name="Revoked">The keys that the vendor has withdrawn.</param>
/// <param name="MinimumSecurityVersion">The least security version of firmware that the vendor vouches for.</param>
public sealed record CollateralContent(DateTimeOffset NotBefore, DateTimeOffset NextUpdate, ImmutableHashSet<Measurement> Revoked, int MinimumSecurityVersion);
