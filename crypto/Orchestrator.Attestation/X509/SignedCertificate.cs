using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.X509;

/// <summary>
/// An X.509 certificate of somebody else's hierarchy, whose exact bytes are checked: never a re-serialisation, never the operating
/// system's store. Nothing is verified by parsing it.
/// </summary>
public sealed class SignedCertificate : IDisposable
{
    /// <summary>The longest certificate, in bytes.</summary>
    public const int MaxBytes = 16 * 1024;

    private const string Ed25519 = "1.3.101.112";

    private readonly X509Certificate2 _certificate;
    private readonly SignedObject _signed;

    private SignedCertificate(X509Certificate2 certificate, SignedObject signed, ReadOnlyMemory<byte> der)
    {
        _certificate = certificate;
        _signed = signed;
        Der = der;
        IsAuthority = certificate.Extensions.OfType<X509BasicConstraintsExtension>().SingleOrDefault()?.CertificateAuthority == true;
    }

    /// <summary>The whole certificate.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>Whom it is about, for people.</summary>
    public string Subject => _certificate.Subject;

    /// <summary>The subject's common name, or empty.</summary>
    public string CommonName => _certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);

    /// <summary>Serial number, big endian.</summary>
    public ReadOnlyMemory<byte> Serial => _certificate.SerialNumberBytes;

    /// <summary>Start of validity, included.</summary>
    public DateTimeOffset NotBefore => new(_certificate.NotBefore.ToUniversalTime());

    /// <summary>End of validity, included.</summary>
    public DateTimeOffset NotAfter => new(_certificate.NotAfter.ToUniversalTime());

    /// <summary>The extensions.</summary>
    public X509ExtensionCollection Extensions => _certificate.Extensions;

    /// <summary>The subject's name in DER.</summary>
    public ReadOnlyMemory<byte> SubjectName => _certificate.SubjectName.RawData;

    /// <summary>Subject attributes, in order.</summary>
    public X500DistinguishedName Name => _certificate.SubjectName;

    /// <summary>Whether it may issue certificates.</summary>
    public bool IsAuthority { get; }

    /// <summary>Parses one certificate.</summary>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.CertificateInvalid"/>.</exception>
    public static SignedCertificate Parse(ReadOnlyMemory<byte> der)
    {
        try
        {
            SignedObject signed = der.Length <= MaxBytes ? SignedObject.Parse(der) : throw new CryptographicException("it is too large");
            X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(der.Span);
            if (!certificate.RawData.AsSpan().SequenceEqual(der.Span))
            {
                certificate.Dispose();
                throw new CryptographicException("it is not one DER certificate");
            }

            return new SignedCertificate(certificate, signed, der);
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException or InvalidOperationException)
        {
            throw new OrchestratorException(AttestationErrors.CertificateInvalid, $"A certificate cannot be read: {e.Message.TrimEnd('.')}.", inner: e);
        }
    }

    /// <summary>Parses every certificate of a PEM text (RFC 7468); what stands between them is passed over.</summary>
    /// <exception cref="OrchestratorException"><see cref="AttestationErrors.CertificateInvalid"/>.</exception>
    public static IReadOnlyList<SignedCertificate> ParsePem(string pem)
    {
        var certificates = new List<SignedCertificate>();
        ReadOnlySpan<char> rest = pem;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            if (rest[fields.Label] is "CERTIFICATE")
            {
                certificates.Add(Parse(Convert.FromBase64String(rest[fields.Base64Data].ToString())));
            }

            rest = rest[fields.Location.End..];
        }

        return certificates;
    }

    /// <summary>The key, if it is one on an elliptic curve.</summary>
    public ECDsa? EcKey() => KeyOrNone(_certificate.GetECDsaPublicKey);

    /// <summary>The key, if it is an RSA key.</summary>
    public RSA? RsaKey() => KeyOrNone(_certificate.GetRSAPublicKey);

    /// <summary>The key, if it is an Ed25519 key (RFC 8410).</summary>
    public VerificationKey? EdKey() =>
        _certificate.PublicKey.Oid.Value == Ed25519 && VerificationKey.TryImport(_certificate.PublicKey.EncodedKeyValue.RawData, out VerificationKey? key) ? key : null;

    /// <summary>Whether <paramref name="issuer"/> is an authority of the right name and its key made the signature.</summary>
    public bool IsIssuedBy(SignedCertificate issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        return issuer.IsAuthority
            && _certificate.IssuerName.RawData.AsSpan().SequenceEqual(issuer.SubjectName.Span)
            && _signed.IsSignedBy(issuer);
    }

    /// <summary>Whether <paramref name="time"/> is within the validity.</summary>
    public bool IsValidAt(DateTimeOffset time) => NotBefore <= time && time <= NotAfter;

    // A certificate can be read without its key being one; such a key verifies nothing.
    private static T? KeyOrNone<T>(Func<T?> read)
        where T : AsymmetricAlgorithm
    {
        try
        {
            return read();
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Frees the certificate.</summary>
    public void Dispose() => _certificate.Dispose();
}
