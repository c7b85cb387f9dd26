using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Host.Storage;

namespace Orchestrator.Host.Identity;

/// <summary>The host's self-signed TLS certificate (ECDSA P-256), made at the first start and kept. Parties pin its fingerprint, the SHA-256 of its DER encoding.</summary>
internal sealed class HostCertificate : IDisposable
{
    private const int ValidYears = 10;

    private HostCertificate(X509Certificate2 certificate)
    {
        Certificate = certificate;
        Fingerprint = Digest.Of(certificate.RawData);
    }

    public X509Certificate2 Certificate { get; }

    public Digest Fingerprint { get; }

    /// <summary>Loads <c>certificate.pem</c> and <c>key.pem</c> from <paramref name="folder"/>, or makes them.</summary>
    public static HostCertificate LoadOrCreate(string folder, TimeProvider time)
    {
        string certificatePath = Path.Combine(folder, "certificate.pem");
        string keyPath = Path.Combine(folder, "key.pem");
        if (!File.Exists(certificatePath))
        {
            Create(certificatePath, keyPath, time);
        }

        return new HostCertificate(X509Certificate2.CreateFromPemFile(certificatePath, keyPath));
    }

    public void Dispose() => Certificate.Dispose();

    private static void Create(string certificatePath, string keyPath, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Orchestrator host", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddDnsName(Dns.GetHostName());
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        DateTimeOffset now = time.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(ValidYears));

        // The certificate comes last: while it is missing, the next start makes both again.
        AtomicFile.WriteAllBytes(keyPath, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()), StateDirectory.OwnerFile);
        AtomicFile.WriteAllBytes(certificatePath, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()), StateDirectory.OwnerFile);
    }
}
