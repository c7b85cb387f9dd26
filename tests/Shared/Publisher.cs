using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Attestation.X509;
using Orchestrator.Containers.Fragments;

namespace Orchestrator.Tests;

/// <summary>Somebody who publishes fragments: a root, and a certificate under it that signs.</summary>
internal sealed class Publisher
{
    public const string Eku = "1.3.6.1.4.1.311.76.59.1.3";

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private const DSASignatureFormat Fixed = DSASignatureFormat.IeeeP1363FixedFieldConcatenation;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public Publisher(string eku = Eku)
    {
        var root = new CertificateRequest("CN=Publisher Root", _rootKey, HashAlgorithmName.SHA384);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        Root = root.CreateSelfSigned(Start, Start.AddYears(10));
        Chain = [Leaf(eku), SignedCertificate.Parse(Root.RawData)];
        Issuer = $"did:x509:0:sha256:{Fingerprint(Root)}::eku:{Eku}";
    }

    public static DateTimeOffset Now { get; } = Start.AddMonths(6);

    public static DateTimeOffset AfterExpiry { get; } = Start.AddYears(2);

    public X509Certificate2 Root { get; }

    public SignedCertificate[] Chain { get; set; }

    public string Issuer { get; }

    public byte[] Sign(string text, string feed = "feed", string? issuer = null) => FragmentSigner.Sign(Encoding.UTF8.GetBytes(text), issuer ?? Issuer, feed, Chain, _key);

    /// <summary>An envelope as this publisher would sign it, to be changed.</summary>
    public Envelope Envelope(string text) => new()
    {
        Protected =
        [
            (1, writer => writer.WriteInt64(-35)),
            (3, writer => writer.WriteTextString("application/unknown+rego")),
            (33, WriteChain),
            ("iss", writer => writer.WriteTextString(Issuer)),
            ("feed", writer => writer.WriteTextString("feed")),
        ],
        Payload = Encoding.UTF8.GetBytes(text),
        Sign = data => _key.SignData(data, HashAlgorithmName.SHA384, Fixed),
    };

    public VerifiedFragment Publish(string text, string feed = "feed") => VerifiedFragment.Verify(Sign(text, feed), Now);

    /// <summary>A certificate for a key under the publisher's root.</summary>
    public SignedCertificate Certify(CertificateRequest request)
    {
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(Eku)], false));
        var signer = X509SignatureGenerator.CreateForECDsa(_rootKey);
        return SignedCertificate.Parse(request.Create(Root.SubjectName, signer, Start, Start.AddYears(1), [1, 2, 4]).RawData);
    }

    private void WriteChain(CborWriter writer)
    {
        writer.WriteStartArray(Chain.Length);
        foreach (SignedCertificate certificate in Chain)
        {
            writer.WriteByteString(certificate.Der.Span);
        }

        writer.WriteEndArray();
    }

    private SignedCertificate Leaf(string eku)
    {
        var request = new CertificateRequest("CN=Publisher, O=Example", _key, HashAlgorithmName.SHA384);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(eku)], false));
        return SignedCertificate.Parse(request.Create(Root, Start, Start.AddYears(1), [1, 2, 3]).RawData);
    }

    private static string Fingerprint(X509Certificate2 certificate) =>
        Convert.ToBase64String(SHA256.HashData(certificate.RawData)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
