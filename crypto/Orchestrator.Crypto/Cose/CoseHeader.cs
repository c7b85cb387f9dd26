using System.Collections.Immutable;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Cose;

/// <summary>What a signed object says about itself, under the signature (RFC 9052 section 3.1, RFC 9360). On a message that is not verified it is a claim, good only for finding the key.</summary>
public sealed record CoseHeader
{
    /// <summary>The longest content type, in characters.</summary>
    public const int MaxContentType = 128;

    /// <summary>The longest key id, in bytes.</summary>
    public const int MaxKeyId = 64;

    /// <summary>The most certificates in a chain.</summary>
    public const int MaxCertificates = 8;

    /// <summary>The longest certificate, in bytes.</summary>
    public const int MaxCertificate = 16 * 1024;

    private const long AlgorithmLabel = 1;
    private const long ContentTypeLabel = 3;
    private const long KeyIdLabel = 4;
    private const long CertificatesLabel = 33;

    private CoseHeader(CoseAlgorithm algorithm, string contentType, ReadOnlyMemory<byte> keyId, ImmutableArray<ReadOnlyMemory<byte>> certificates)
    {
        Algorithm = algorithm;
        ContentType = contentType;
        KeyId = keyId;
        Certificates = certificates;
    }

    /// <summary>What the signature is made with.</summary>
    public CoseAlgorithm Algorithm { get; }

    /// <summary>What the payload is, e.g. <c>application/orchestrator-receipt+cbor</c>; 1 to <see cref="MaxContentType"/> characters.</summary>
    public string ContentType { get; }

    /// <summary>Which key signed; 1 to <see cref="MaxKeyId"/> bytes whose meaning the format of the payload gives.</summary>
    public ReadOnlyMemory<byte> KeyId { get; }

    /// <summary>The signer's X.509 chain in DER, its own certificate first; may be empty.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Certificates { get; }

    /// <summary>Makes a header to sign under.</summary>
    /// <exception cref="ArgumentException">A value is empty or over its limit.</exception>
    internal static CoseHeader Create(CoseAlgorithm algorithm, string contentType, ReadOnlyMemory<byte> keyId, IEnumerable<ReadOnlyMemory<byte>> certificates)
    {
        var header = new CoseHeader(algorithm, contentType, keyId, [.. certificates]);
        return header.IsWithinLimits() ? header : throw new ArgumentException("A header value is empty or over its limit.");
    }

    internal byte[] Encode()
    {
        var entries = new List<(CborValue, CborValue)>
        {
            (AlgorithmLabel, (long)Algorithm),
            (ContentTypeLabel, ContentType),
            (KeyIdLabel, KeyId),
        };
        if (!Certificates.IsEmpty)
        {
            // RFC 9360 section 2: one certificate is a byte string, more are an array of them.
            entries.Add((CertificatesLabel, Certificates.Length == 1 ? Certificates[0] : new CborArray(Certificates.Select(c => (CborValue)c))));
        }

        return new CborMap(entries).Encode();
    }

    /// <exception cref="OrchestratorException"><see cref="CoseErrors.Malformed"/> or one of <see cref="CborErrors"/>.</exception>
    internal static CoseHeader Decode(ReadOnlyMemory<byte> encoding)
    {
        if (CborValue.Decode(encoding) is not CborMap map)
        {
            throw Malformed("The protected header is not a map.");
        }

        bool hasCertificates = map.TryGet(CertificatesLabel, out CborValue? certificates);
        if (!map.TryGet(AlgorithmLabel, out CborValue? algorithm) || algorithm is not CborInt { Value: (long)CoseAlgorithm.EdDsa or (long)CoseAlgorithm.Es384 } number
            || !map.TryGet(ContentTypeLabel, out CborValue? contentType) || contentType is not CborText text
            || !map.TryGet(KeyIdLabel, out CborValue? keyId) || keyId is not CborBytes id
            || map.Entries.Length != (hasCertificates ? 4 : 3))
        {
            throw Malformed("The protected header does not have exactly the entries that it should.");
        }

        var header = new CoseHeader((CoseAlgorithm)number.Value, text.Value, id.Value, hasCertificates ? DecodeCertificates(certificates!) : []);
        return header.IsWithinLimits() ? header : throw Malformed("A header value is empty or over its limit.");
    }

    private static ImmutableArray<ReadOnlyMemory<byte>> DecodeCertificates(CborValue value) => value switch
    {
        CborBytes single => [single.Value],
        CborArray { Items.Length: > 1 } chain when chain.Items.All(item => item is CborBytes) => [.. chain.Items.Select(item => ((CborBytes)item).Value)],
        _ => throw Malformed("The certificate chain is not one byte string or an array of several."),
    };

    private bool IsWithinLimits() =>
        ContentType.Length is > 0 and <= MaxContentType
        && KeyId.Length is > 0 and <= MaxKeyId
        && Certificates.Length <= MaxCertificates
        && Certificates.All(certificate => certificate.Length is > 0 and <= MaxCertificate);

    private static OrchestratorException Malformed(string message) => new(CoseErrors.Malformed, message);
}
