using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Certificates;

/// <summary>
/// Keys that a vendor has withdrawn, signed by its root; only <see cref="Verify"/> makes one. A key is named by its
/// <see cref="AttestationKey.Id"/>: a DCK's stands for the device with every firmware, a DeviceID's for the device with one.
/// </summary>
public sealed class RevocationList
{
    /// <summary>What the signed payload is.</summary>
    public const string ContentType = "application/orchestrator-revocations+cbor";

    /// <summary>Most keys of a list.</summary>
    public const int MaxKeys = 16384;

    private const string Profile = "orchestrator/revocations/v1";
    private const long LatestTime = 253402300799; // 9999-12-31T23:59:59Z

    private readonly Measurement? _root;
    private readonly DateTimeOffset _issued;
    private readonly DateTimeOffset _next;

    private RevocationList(Measurement? root, DateTimeOffset issued, DateTimeOffset next, ImmutableHashSet<Measurement> keys)
    {
        _root = root;
        _issued = issued;
        _next = next;
        Keys = keys;
    }

    /// <summary>No list: quotes that are verified without one say that revocation was not checked.</summary>
    public static RevocationList None { get; } = new(null, default, default, []);

    /// <summary>The revoked keys.</summary>
    public ImmutableHashSet<Measurement> Keys { get; }

    /// <summary>Issues a list: COSE_Sign1 by a vendor's root; see <c>docs/spec/quote.md</c>.</summary>
    /// <param name="root">The root's key pair.</param>
    /// <param name="keys">At most <see cref="MaxKeys"/>.</param>
    /// <param name="issued">Now, to the second.</param>
    /// <param name="next">When the next list will have replaced this one.</param>
    public static byte[] Issue(ECDsa root, IEnumerable<Measurement> keys, DateTimeOffset issued, DateTimeOffset next)
    {
        ArgumentNullException.ThrowIfNull(root);
        CborValue payload = CborMap.Of(
            ("profile", Profile),
            ("issued", issued.ToUnixTimeSeconds()),
            ("next", next.ToUnixTimeSeconds()),
            ("keys", new CborArray(keys.Select(key => (CborValue)key.ToArray()))));
        return CoseSign1.Sign(root, ContentType, Measurement.Of(root.ExportSubjectPublicKeyInfo()).ToArray(), [], payload.Encode());
    }

    /// <summary>Verifies a list.</summary>
    /// <param name="bytes">Untrusted bytes.</param>
    /// <param name="anchors">One of them must have signed.</param>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.RevocationListInvalid"/>.</exception>
    public static RevocationList Verify(ReadOnlyMemory<byte> bytes, TrustAnchors anchors)
    {
        ArgumentNullException.ThrowIfNull(anchors);
        try
        {
            CoseSign1 message = CoseSign1.Parse(bytes);
            foreach (DeviceCertificate root in anchors.Roots.Where(root => message.Header.KeyId.Span.SequenceEqual(root.PublicKey.Id.ToArray())))
            {
                using ECDsa key = root.PublicKey.Open();
                if (message.TryVerify(key, ContentType, out VerifiedPayload? payload))
                {
                    return Read(CborValue.Decode(payload.Bytes).As("revocations"), root.PublicKey.Id);
                }
            }
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(AttestationErrors.RevocationListInvalid, $"The revocation list cannot be understood: {e.Message}", inner: e);
        }

        throw new OrchestratorException(AttestationErrors.RevocationListInvalid, "The revocation list is not signed by a trusted vendor root.");
    }

    /// <summary>Checks a chain against the list.</summary>
    /// <returns>Whether the list is of the chain's vendor, and so says anything about it.</returns>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.Revoked"/> or <see cref="AttestationErrors.RevocationListStale"/>.</exception>
    public bool VerifyNotRevoked(CertificateChain chain, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(chain);
        if (_root != chain.Root.PublicKey.Id)
        {
            return false;
        }

        if (time < _issued || time > _next)
        {
            throw new OrchestratorException(AttestationErrors.RevocationListStale, $"The revocation list is valid from {_issued:u} to {_next:u}; it is {time:u}.");
        }

        DeviceCertificate? revoked = chain.Certificates.FirstOrDefault(certificate => Keys.Contains(certificate.PublicKey.Id));
        return revoked is null
            ? true
            : throw new OrchestratorException(AttestationErrors.Revoked, $"The vendor has revoked the device's {revoked.Profile.Name} key {revoked.PublicKey.Id}.");
    }

    private static RevocationList Read(CborField field, Measurement root) => field.ReadMap(map =>
    {
        CborField profile = map.Required("profile");
        if (profile.AsText() != Profile)
        {
            throw profile.OutOfRange($"is not {Profile}");
        }

        return new RevocationList(
            root,
            DateTimeOffset.FromUnixTimeSeconds(map.Required("issued").AsInt64(0, LatestTime)),
            DateTimeOffset.FromUnixTimeSeconds(map.Required("next").AsInt64(0, LatestTime)),
            [.. map.Required("keys").AsArray(MaxKeys).Select(key => new Measurement(key.AsFixedBytes(Measurement.Size).Span))]);
    });
}
