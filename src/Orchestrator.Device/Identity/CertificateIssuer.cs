using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Certificates;

namespace Orchestrator.Device.Identity;

/// <summary>Issues the certificates of the chain, each with exactly its profile's extensions. See <c>docs/spec/quote.md</c>.</summary>
internal static class CertificateIssuer
{
    private const string Organization = "Orchestrator";
    private const int SerialSize = 16;

    /// <summary>A subject name: the place in the chain and the beginning of the key's identifier.</summary>
    public static X500DistinguishedName Name(CertificateProfile place, ECDsa key, bool simulated)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationName(Organization);
        if (simulated)
        {
            name.AddOrganizationalUnitName(CertificateProfile.SimulatedUnit);
        }

        name.AddCommonName($"{place.Name} {Measurement.Of(key.ExportSubjectPublicKeyInfo()).ToString()[..16]}");
        return name.Build();
    }

    /// <summary>A certificate for <paramref name="subjectKey"/>, signed by <paramref name="issuerKey"/>, in DER.</summary>
    /// <param name="place">Gives basic constraints and key usage.</param>
    /// <param name="subject">The subject's name.</param>
    /// <param name="subjectKey">Only its public half is used.</param>
    /// <param name="issuer">The issuer's name, byte for byte.</param>
    /// <param name="issuerKey">A P-384 key pair.</param>
    /// <param name="validity">From and to, both included, to the second.</param>
    /// <param name="tcb">The firmware layer, where the profile has one.</param>
    public static byte[] Issue(
        CertificateProfile place,
        X500DistinguishedName subject,
        ECDsa subjectKey,
        X500DistinguishedName issuer,
        ECDsa issuerKey,
        Validity validity,
        TcbInfo? tcb = null)
    {
        var request = new CertificateRequest(subject, subjectKey, HashAlgorithmName.SHA384);
        foreach (X509Extension extension in place.FixedExtensions())
        {
            request.CertificateExtensions.Add(extension);
        }

        request.CertificateExtensions.Add(KeyIdentifier(subjectKey));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(KeyIdentifier(issuerKey)));
        if (tcb is not null)
        {
            request.CertificateExtensions.Add(tcb.ToExtension());
        }

        using X509Certificate2 certificate = request.Create(
            issuer, X509SignatureGenerator.CreateForECDsa(issuerKey), validity.NotBefore, validity.NotAfter, NewSerial());
        return certificate.RawData;
    }

    private static X509SubjectKeyIdentifierExtension KeyIdentifier(ECDsa key)
    {
        Measurement id = Measurement.Of(key.ExportSubjectPublicKeyInfo());
        return new X509SubjectKeyIdentifierExtension(id.ToArray().AsSpan(0, 20), critical: false);
    }

    // RFC 5280, 4.1.2.2: positive, at most 20 octets, and in DER its first octet is not zero.
    private static byte[] NewSerial()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(SerialSize);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40);
        return serial;
    }
}

/// <summary>A certificate's period of validity.</summary>
/// <param name="NotBefore">Start, included.</param>
/// <param name="NotAfter">End, included.</param>
public sealed record Validity(DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    /// <summary>By how much clocks may differ.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromHours(1);

    /// <summary>From a little before <paramref name="now"/> for <paramref name="years"/> years.</summary>
    public static Validity From(DateTimeOffset now, int years) => new(now - Skew, now.AddYears(years));
}
