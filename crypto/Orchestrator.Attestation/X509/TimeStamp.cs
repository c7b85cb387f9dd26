using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.X509;

/// <summary>When something was signed, by a time stamping authority (RFC 3161) whose root is built in.</summary>
/// <param name="Time">The time that the authority states.</param>
/// <param name="Authority">Its name.</param>
public sealed record TimeStamp(DateTimeOffset Time, string Authority)
{
    private const string TokenContent = "1.2.840.113549.1.9.16.1.4";
    private const string TimeStamping = "1.3.6.1.5.5.7.3.8";
    private const string Sha256 = "2.16.840.1.101.3.4.2.1";
    private const string Sha384 = "2.16.840.1.101.3.4.2.2";
    private const string Sha512 = "2.16.840.1.101.3.4.2.3";

    private static readonly SignedCertificate s_root = LoadRoot();

    /// <summary>Reads a token over <paramref name="data"/> and verifies it up to the root.</summary>
    /// <returns>Null: it is no token of a known authority, not over these data, or holds something that nothing vouches for.</returns>
    public static TimeStamp? Verify(ReadOnlyMemory<byte> token, ReadOnlyMemory<byte> data)
    {
        try
        {
            var cms = new SignedCms();
            cms.Decode(token.Span);
            cms.CheckSignature(verifySignatureOnly: true);
            return HasNothingUnsigned(token)
                && cms.SignerInfos.Count == 1
                && Rfc3161TimestampTokenInfo.TryDecode(cms.ContentInfo.Content, out Rfc3161TimestampTokenInfo? info, out int read)
                && read == cms.ContentInfo.Content.Length
                && IsOver(info, data)
                && IsAuthority(cms, info.Timestamp)
                    ? new TimeStamp(info.Timestamp, cms.SignerInfos[0].Certificate!.Subject)
                    : null;
        }
        catch (Exception e) when (e is CryptographicException or OrchestratorException or AsnContentException)
        {
            return null;
        }
    }

    private static bool IsOver(Rfc3161TimestampTokenInfo info, ReadOnlyMemory<byte> data)
    {
        HashAlgorithmName hash = info.HashAlgorithmId.Value switch
        {
            Sha256 => HashAlgorithmName.SHA256,
            Sha384 => HashAlgorithmName.SHA384,
            Sha512 => HashAlgorithmName.SHA512,
            _ => default,
        };
        return hash.Name is not null && CryptographicOperations.HashData(hash, data.Span).AsSpan().SequenceEqual(info.GetMessageHash().Span);
    }

    // Signer, issuer, root; no certificate besides, for the token's signature does not cover them.
    private static bool IsAuthority(SignedCms cms, DateTimeOffset time)
    {
        using var signer = SignedCertificate.Parse(cms.SignerInfos[0].Certificate!.RawData);
        SignedCertificate[] others = [.. cms.Certificates.Select(certificate => SignedCertificate.Parse(certificate.RawData)).Where(certificate => !certificate.Der.Span.SequenceEqual(signer.Der.Span))];
        return others is [{ } issuer]
            && cms.Certificates.Count == 2
            && signer.IsIssuedBy(issuer) && issuer.IsIssuedBy(s_root)
            && signer.IsValidAt(time) && issuer.IsValidAt(time) && s_root.IsValidAt(time)
            && signer.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(usage => usage.EnhancedKeyUsages.Cast<Oid>().Any(oid => oid.Value == TimeStamping));
    }

    // SignedData of RFC 5652: version 3, one digest algorithm, no lists of revoked certificates; the signer's version 1, the same digest
    // algorithm, RSA, no unsigned attributes.
    private static bool HasNothingUnsigned(ReadOnlyMemory<byte> token)
    {
        var content = new AsnReader(token, AsnEncodingRules.DER).ReadSequence();
        content.ReadObjectIdentifier();
        AsnReader data = content.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
        bool isVersion3 = data.TryReadInt32(out int version) && version == 3;
        ReadOnlyMemory<byte> digest = data.ReadSetOf().ReadEncodedValue();
        bool isToken = data.ReadSequence().ReadObjectIdentifier() == TokenContent;
        data.ReadEncodedValue();
        AsnReader signer = data.ReadSetOf().ReadSequence();
        bool isVersion1 = signer.TryReadInt32(out int signerVersion) && signerVersion == 1;
        signer.ReadSequence();
        bool sameDigest = signer.ReadEncodedValue().Span.SequenceEqual(digest.Span);
        signer.ReadEncodedValue();
        AsnReader algorithm = signer.ReadSequence();
        bool isRsa = algorithm.ReadObjectIdentifier() == RsaWith(new AsnReader(digest, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier());
        algorithm.ReadNull();
        signer.ReadOctetString();
        return isVersion3 && isToken && isVersion1 && sameDigest && isRsa && !signer.HasData && !data.HasData;
    }

    private static string RsaWith(string digest) => digest switch
    {
        Sha256 => "1.2.840.113549.1.1.11",
        Sha384 => "1.2.840.113549.1.1.12",
        Sha512 => "1.2.840.113549.1.1.13",
        _ => "",
    };

    private static SignedCertificate LoadRoot()
    {
        using Stream stream = typeof(TimeStamp).Assembly.GetManifestResourceStream("x509/roots/timestamp-microsoft-2010.pem")!;
        using var reader = new StreamReader(stream);
        return SignedCertificate.ParsePem(reader.ReadToEnd()).Single();
    }
}
