using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Attestation.Snp;

namespace Orchestrator.Psp;

/// <summary>Issues certificates with AMD's names, algorithms and extensions (publication 57230), under a root of our own.</summary>
internal static class AmdCertificates
{
    /// <summary>The product line that certificates and reports are of: an entry of <c>products.json</c> that is marked as simulated.</summary>
    public const string Product = "Simulated";

    private const string Arc = "1.3.6.1.4.1.3704.1";
    private const int AuthorityYears = 25;
    private const int ChipYears = 7;

    /// <summary>A self-signed root (ARK).</summary>
    public static X509Certificate2 IssueRoot(RSA key, DateTimeOffset now) => Issue(Authority($"ARK-{Product}", key), key, Name($"ARK-{Product}"), now, AuthorityYears);

    /// <summary>The authority for chips (ASK).</summary>
    public static X509Certificate2 IssueIntermediate(RSA key, RSA rootKey, DateTimeOffset now) =>
        Issue(Authority($"SEV-{Product}", key), rootKey, Name($"ARK-{Product}"), now, AuthorityYears);

    /// <summary>The certificate of a chip's signing key (VCEK).</summary>
    public static X509Certificate2 IssueChip(ECDsa key, RSA intermediateKey, ReadOnlySpan<byte> chipId, SnpTcb tcb, DateTimeOffset now)
    {
        var request = new CertificateRequest(Name("SEV-VCEK"), key, HashAlgorithmName.SHA384);
        Add(request, "1", writer => writer.WriteInteger(0));
        Add(request, "2", writer => writer.WriteCharacterString(UniversalTagNumber.IA5String, $"{Product}-A0"));
        foreach ((string component, string arc) in new[] { ("boot_loader", "3.1"), ("tee", "3.2"), ("snp", "3.3"), ("microcode", "3.8") })
        {
            Add(request, arc, writer => writer.WriteInteger(tcb.Components[component]));
        }

        byte[] id = chipId.ToArray();
        Add(request, "4", writer => writer.WriteOctetString(id));
        return Issue(request, intermediateKey, Name($"SEV-{Product}"), now, ChipYears);
    }

    /// <summary>The root's list of revoked certificates, in DER: an empty one.</summary>
    public static byte[] IssueRevocations(RSA rootKey, X509Certificate2 root, DateTimeOffset from, DateTimeOffset to) => new CertificateRevocationListBuilder().Build(
        root.SubjectName,
        X509SignatureGenerator.CreateForRSA(rootKey, RSASignaturePadding.Pss),
        new BigInteger(from.ToUnixTimeSeconds()),
        to,
        HashAlgorithmName.SHA384,
        X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, includeKeyIdentifier: true, includeIssuerAndSerial: false),
        from);

    private static CertificateRequest Authority(string name, RSA key)
    {
        var request = new CertificateRequest(Name(name), key, HashAlgorithmName.SHA384, RSASignaturePadding.Pss);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    private static X509Certificate2 Issue(CertificateRequest request, RSA issuerKey, X500DistinguishedName issuer, DateTimeOffset now, int years)
    {
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
        return request.Create(issuer, X509SignatureGenerator.CreateForRSA(issuerKey, RSASignaturePadding.Pss), now.AddHours(-1), now.AddYears(years), serial);
    }

    private static X500DistinguishedName Name(string commonName)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationName("Orchestrator");
        name.AddOrganizationalUnitName("Simulated");
        name.AddCommonName(commonName);
        return name.Build();
    }

    private static void Add(CertificateRequest request, string arc, Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        request.CertificateExtensions.Add(new X509Extension($"{Arc}.{arc}", writer.Encode(), critical: false));
    }
}
