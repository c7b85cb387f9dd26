using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Certificates;

/// <summary>
/// A certificate that has the shape its place in the chain requires (RFC 5280, restricted by <see cref="CertificateProfile"/>):
/// version 3, DER, P-384 key, ES384 signature, exactly the profile's extensions. Nothing is verified by parsing it.
/// </summary>
public sealed class DeviceCertificate
{
    /// <summary>The longest certificate, in bytes.</summary>
    public const int MaxBytes = 4096;

    private const string EcdsaWithSha384 = "1.2.840.10045.4.3.3";
    private const string P384 = "1.3.132.0.34";

    private readonly byte[] _signedPart;
    private readonly byte[] _signature;
    private readonly byte[] _issuer;
    private readonly byte[] _subject;
    private readonly byte[] _issuerKeyIdentifier;
    private readonly byte[] _keyIdentifier;

    private DeviceCertificate(ReadOnlyMemory<byte> der, CertificateProfile profile)
    {
        (byte[] signedPart, byte[] signature) = SplitSignature(der, profile);
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(der.Span);
        Require(certificate.RawData.AsSpan().SequenceEqual(der.Span), profile, "is not one DER certificate");
        Require(certificate.Version == 3, profile, "is not of version 3");
        _signedPart = signedPart;
        _signature = signature;
        _issuer = certificate.IssuerName.RawData;
        _subject = certificate.SubjectName.RawData;
        Profile = profile;
        Der = der;
        Subject = certificate.Subject;
        Serial = certificate.SerialNumberBytes;
        NotBefore = new DateTimeOffset(certificate.NotBefore.ToUniversalTime());
        NotAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        PublicKey = ReadPublicKey(certificate, profile);
        Simulated = certificate.SubjectName.EnumerateRelativeDistinguishedNames().Any(IsSimulatedMark);
        var extensions = new ProfileExtensions(certificate.Extensions, profile);
        Tcb = extensions.Tcb;
        _keyIdentifier = extensions.KeyIdentifier;
        _issuerKeyIdentifier = extensions.IssuerKeyIdentifier;
    }

    /// <summary>The place that the certificate was parsed for.</summary>
    public CertificateProfile Profile { get; }

    /// <summary>The whole certificate.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>Whom it is about, for people.</summary>
    public string Subject { get; }

    /// <summary>The serial number, big endian.</summary>
    public ReadOnlyMemory<byte> Serial { get; }

    /// <summary>Start of validity, included.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>End of validity, included.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>The key that the certificate is about.</summary>
    public AttestationKey PublicKey { get; }

    /// <summary>Whether the subject carries <see cref="CertificateProfile.SimulatedUnit"/>.</summary>
    public bool Simulated { get; }

    /// <summary>The firmware layer; <see langword="null"/> exactly where the profile has none.</summary>
    public TcbInfo? Tcb { get; }

    /// <summary>Parses a certificate for a place in the chain.</summary>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.CertificateInvalid"/>.</exception>
    public static DeviceCertificate Parse(ReadOnlyMemory<byte> der, CertificateProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        Require(der.Length is > 0 and <= MaxBytes, profile, $"is empty or longer than {MaxBytes} bytes");
        try
        {
            return new DeviceCertificate(der.ToArray(), profile);
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            throw new OrchestratorException(AttestationErrors.CertificateInvalid, $"The {profile.Name} certificate cannot be read.", inner: e);
        }
    }

    /// <summary>Whether this certificate says that <paramref name="issuer"/> issued it, by name and key identifier; proves nothing.</summary>
    public bool NamesAsIssuer(DeviceCertificate issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        return _issuer.AsSpan().SequenceEqual(issuer._subject) && _issuerKeyIdentifier.AsSpan().SequenceEqual(issuer._keyIdentifier);
    }

    /// <summary>Checks that <paramref name="issuer"/> issued this certificate: names, key identifiers and signature.</summary>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.ChainBroken"/>.</exception>
    public void VerifyIssuedBy(DeviceCertificate issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        if (!NamesAsIssuer(issuer) || !issuer.PublicKey.VerifyDer(_signedPart, _signature))
        {
            throw new OrchestratorException(AttestationErrors.ChainBroken,
                $"The {Profile.Name} certificate was not issued by the {issuer.Profile.Name} above it.");
        }
    }

    /// <summary>Checks the period of validity.</summary>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.CertificateExpired"/>.</exception>
    public void VerifyValidAt(DateTimeOffset time)
    {
        if (time < NotBefore || time > NotAfter)
        {
            throw new OrchestratorException(AttestationErrors.CertificateExpired,
                $"The {Profile.Name} certificate is valid from {NotBefore:u} to {NotAfter:u}; it is {time:u}.");
        }
    }

    internal static void Require(bool condition, CertificateProfile profile, string fault)
    {
        if (!condition)
        {
            throw new OrchestratorException(AttestationErrors.CertificateInvalid, $"The {profile.Name} certificate {fault}.");
        }
    }

    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }; the algorithm stands outside and inside of what is signed.
    private static (byte[] SignedPart, byte[] Signature) SplitSignature(ReadOnlyMemory<byte> der, CertificateProfile profile)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        AsnReader certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        ReadOnlyMemory<byte> signedPart = certificate.ReadEncodedValue();
        ReadOnlyMemory<byte> algorithm = certificate.ReadEncodedValue();
        byte[] signature = certificate.ReadBitString(out int unused);
        certificate.ThrowIfNotEmpty();

        AsnReader inner = new AsnReader(signedPart, AsnEncodingRules.DER).ReadSequence();
        inner.ReadEncodedValue();
        inner.ReadEncodedValue();
        var expected = new AsnWriter(AsnEncodingRules.DER);
        using (expected.PushSequence())
        {
            expected.WriteObjectIdentifier(EcdsaWithSha384);
        }

        Require(unused == 0 && expected.EncodedValueEquals(algorithm.Span) && expected.EncodedValueEquals(inner.ReadEncodedValue().Span),
            profile, "is not signed with ECDSA and SHA-384");
        return (signedPart.ToArray(), signature);
    }

    private static AttestationKey ReadPublicKey(X509Certificate2 certificate, CertificateProfile profile)
    {
        using ECDsa? key = certificate.GetECDsaPublicKey();
        Require(key is not null && key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value == P384, profile, "has a key that is not on P-384");
        return new AttestationKey(certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    private static bool IsSimulatedMark(X500RelativeDistinguishedName name) =>
        !name.HasMultipleElements &&
        name.GetSingleElementType().Value == "2.5.4.11" &&
        name.GetSingleElementValue() == CertificateProfile.SimulatedUnit;
}
