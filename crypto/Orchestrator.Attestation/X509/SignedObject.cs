using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Orchestrator.Attestation.X509;

/// <summary>What certificates and revocation lists have in common (RFC 5280): a signed part, an algorithm, a signature.</summary>
internal sealed class SignedObject
{
    private const string Pss = "1.2.840.113549.1.1.10";
    private const string Mgf1 = "1.2.840.113549.1.1.8";

    private readonly ReadOnlyMemory<byte> _algorithm;
    private readonly byte[] _signature;

    private SignedObject(ReadOnlyMemory<byte> signedPart, ReadOnlyMemory<byte> algorithm, byte[] signature)
    {
        SignedPart = signedPart;
        _algorithm = algorithm;
        _signature = signature;
    }

    /// <summary>The bytes under the signature.</summary>
    public ReadOnlyMemory<byte> SignedPart { get; }

    /// <summary>Takes an object apart.</summary>
    /// <exception cref="AsnContentException">It is not DER, or not of this shape.</exception>
    public static SignedObject Parse(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        AsnReader reader = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        ReadOnlyMemory<byte> signedPart = reader.ReadEncodedValue();
        ReadOnlyMemory<byte> algorithm = reader.ReadEncodedValue();
        byte[] signature = reader.ReadBitString(out int unused);
        reader.ThrowIfNotEmpty();
        return unused == 0 && RepeatsAlgorithm(signedPart, algorithm)
            ? new SignedObject(signedPart, algorithm, signature)
            : throw new AsnContentException("The algorithm outside the signature is another than inside.");
    }

    /// <summary>Whether the key of <paramref name="signer"/> made the signature; false also for algorithms that are not known.</summary>
    public bool IsSignedBy(SignedCertificate signer)
    {
        using RSA? rsa = signer.RsaKey();
        using ECDsa? ec = signer.EcKey();
        try
        {
            var reader = new AsnReader(_algorithm, AsnEncodingRules.DER);
            AsnReader identifier = reader.ReadSequence();
            string oid = identifier.ReadObjectIdentifier();
            if (oid == Pss)
            {
                return ReadPssHash(identifier) is { } pssHash && rsa?.VerifyData(SignedPart.Span, _signature, pssHash, RSASignaturePadding.Pss) == true;
            }

            (HashAlgorithmName hash, bool curve) = oid switch
            {
                "1.2.840.113549.1.1.11" => (HashAlgorithmName.SHA256, false),
                "1.2.840.113549.1.1.12" => (HashAlgorithmName.SHA384, false),
                "1.2.840.113549.1.1.13" => (HashAlgorithmName.SHA512, false),
                "1.2.840.10045.4.3.2" => (HashAlgorithmName.SHA256, true),
                "1.2.840.10045.4.3.3" => (HashAlgorithmName.SHA384, true),
                "1.2.840.10045.4.3.4" => (HashAlgorithmName.SHA512, true),
                _ => default,
            };
            return hash.Name is not null && (curve
                ? ec?.VerifyData(SignedPart.Span, _signature, hash, DSASignatureFormat.Rfc3279DerSequence) == true
                : rsa?.VerifyData(SignedPart.Span, _signature, hash, RSASignaturePadding.Pkcs1) == true);
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    // The signed part of a certificate has version and serial before its algorithm, that of a list only a version.
    private static bool RepeatsAlgorithm(ReadOnlyMemory<byte> signedPart, ReadOnlyMemory<byte> algorithm)
    {
        AsnReader fields = new AsnReader(signedPart, AsnEncodingRules.DER).ReadSequence();
        while (fields.HasData && fields.PeekTag() != Asn1Tag.Sequence)
        {
            fields.ReadEncodedValue();
        }

        return fields.HasData && fields.PeekEncodedValue().Span.SequenceEqual(algorithm.Span);
    }

    // RSASSA-PSS-params of RFC 4055: hash and mask of the same algorithm, salt as long as the hash, the default trailer.
    private static HashAlgorithmName? ReadPssHash(AsnReader identifier)
    {
        AsnReader parameters = identifier.ReadSequence();
        string hash = parameters.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence().ReadObjectIdentifier();
        AsnReader mask = parameters.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 1)).ReadSequence();
        bool isMgf1 = mask.ReadObjectIdentifier() == Mgf1 && mask.ReadSequence().ReadObjectIdentifier() == hash;
        bool hasSalt = parameters.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 2)).TryReadInt32(out int salt);
        (HashAlgorithmName name, int size) = hash switch
        {
            "2.16.840.1.101.3.4.2.1" => (HashAlgorithmName.SHA256, 32),
            "2.16.840.1.101.3.4.2.2" => (HashAlgorithmName.SHA384, 48),
            "2.16.840.1.101.3.4.2.3" => (HashAlgorithmName.SHA512, 64),
            _ => default,
        };
        return isMgf1 && hasSalt && size > 0 && salt == size ? name : null;
    }
}
