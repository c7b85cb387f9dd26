using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Attestation.X509;
using Orchestrator.Containers.Fragments;

namespace Orchestrator.Attack.Guests;

/// <summary>Somebody who signs fragments: a root, and a certificate under it.</summary>
internal sealed class GuestPublisher : IDisposable
{
    /// <summary>What it publishes.</summary>
    public const string Feed = "infrastructure";

    private const string Purpose = "1.3.6.1.4.1.311.76.59.1.3";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly SignedCertificate[] _chain;

    /// <summary>A new publisher.</summary>
    public GuestPublisher(DateTimeOffset now)
    {
        using ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var root = new CertificateRequest("CN=Publisher Root", rootKey, HashAlgorithmName.SHA384);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 issuer = root.CreateSelfSigned(now.AddDays(-1), now.AddYears(10));
        var leaf = new CertificateRequest("CN=Publisher", _key, HashAlgorithmName.SHA384);
        leaf.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(Purpose)], false));
        _chain = [SignedCertificate.Parse(leaf.Create(issuer, now.AddDays(-1), now.AddYears(1), [1]).RawData), SignedCertificate.Parse(issuer.RawData)];
        Issuer = $"did:x509:0:sha256:{Base64Url(SHA256.HashData(issuer.RawData))}::eku:{Purpose}";
    }

    /// <summary>did:x509.</summary>
    public string Issuer { get; }

    /// <summary>How the agreed policy refers to its fragments.</summary>
    public FragmentReference Reference => new(Issuer, Feed, SecurityVersion.TryParse("2")!, [FragmentInclude.Containers]);

    /// <summary>Signs a fragment.</summary>
    /// <param name="svn">Its security version.</param>
    /// <param name="feed">Of which feed.</param>
    /// <param name="issuer">Who it says to be.</param>
    public byte[] Sign(string svn, string feed = Feed, string? issuer = null) => FragmentSigner.Sign(
        Encoding.UTF8.GetBytes($"package infrastructure\nsvn := \"{svn}\"\nframework_version := \"0.5.0\"\ncontainers := []\n"), issuer ?? Issuer, feed, _chain, _key);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
