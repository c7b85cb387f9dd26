using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Attestation.Certificates;

namespace Orchestrator.Attestation.Tests.Support;

/// <summary>A certificate to be: the profile's, unless a test changes it.</summary>
internal sealed record CertificatePlan
{
    public required string Place { get; init; }

    public required X500DistinguishedName Subject { get; init; }

    public required X500DistinguishedName Issuer { get; init; }

    public required ECDsa Key { get; init; }

    public required ECDsa IssuerKey { get; init; }

    public required IReadOnlyList<X509Extension> Extensions { get; init; }

    public HashAlgorithmName Hash { get; init; } = HashAlgorithmName.SHA384;

    public DateTimeOffset NotBefore { get; init; } = TestVendor.Now.AddDays(-1);

    public DateTimeOffset NotAfter { get; init; } = TestVendor.Now.AddYears(1);

    public byte[] Serial { get; init; } = [0x42, 1];

    public CertificatePlan Without(string oid) => this with { Extensions = [.. Extensions.Where(extension => extension.Oid!.Value != oid)] };

    public CertificatePlan Replacing(X509Extension extension)
    {
        CertificatePlan without = Without(extension.Oid!.Value!);
        return without with { Extensions = [.. without.Extensions, extension] };
    }

    public byte[] Issue()
    {
        var request = new CertificateRequest(Subject, Key, Hash);
        foreach (X509Extension extension in Extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        using X509Certificate2 certificate = request.Create(Issuer, X509SignatureGenerator.CreateForECDsa(IssuerKey), NotBefore, NotAfter, Serial);
        return certificate.RawData;
    }

    public static CertificatePlan For(
        CertificateProfile profile, X500DistinguishedName subject, ECDsa key, X500DistinguishedName issuer, ECDsa issuerKey, TcbInfo? tcb = null) => new()
        {
            Place = profile.Name,
            Subject = subject,
            Issuer = issuer,
            Key = key,
            IssuerKey = issuerKey,
            Extensions =
        [
            .. profile.FixedExtensions(),
            KeyIdentifier(key),
            X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(KeyIdentifier(issuerKey)),
            .. tcb is null ? Array.Empty<X509Extension>() : [tcb.ToExtension()],
        ],
        };

    private static X509SubjectKeyIdentifierExtension KeyIdentifier(ECDsa key) =>
        new(SHA384.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, 20), critical: false);
}
