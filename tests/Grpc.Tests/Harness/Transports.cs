using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Grpc.Tests.Harness;

/// <summary>What carries the calls: HTTP/2 in the clear or over TLS.</summary>
public interface ITransport
{
    static abstract bool Encrypted { get; }
}

/// <summary>HTTP/2 in the clear, with prior knowledge.</summary>
public sealed class Plain : ITransport
{
    public static bool Encrypted => false;
}

/// <summary>HTTP/2 over TLS, negotiated by ALPN.</summary>
public sealed class Tls : ITransport
{
    public static bool Encrypted => true;
}

/// <summary>A fresh certificate for 127.0.0.1 that is its own root, as PEM files in a folder of their own.</summary>
public sealed class CertificateFiles : IDisposable
{
    private static readonly TimeSpan Validity = TimeSpan.FromHours(1);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("grpc-tests-");

    public CertificateFiles()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=peer", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now - Validity, now + Validity);
        File.WriteAllText(Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
    }

    public string Certificate => Path.Combine(folder.FullName, "certificate.pem");

    public string Key => Path.Combine(folder.FullName, "key.pem");

    public void Dispose() => folder.Delete(recursive: true);
}
