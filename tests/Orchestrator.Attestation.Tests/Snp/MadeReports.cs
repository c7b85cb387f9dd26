using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.X509;

namespace Orchestrator.Attestation.Tests.Snp;

/// <summary>Reports and certificates of a made-up processor of a given line, in the vendor's layout: for what no genuine report is at hand.</summary>
internal sealed class MadeReports : IDisposable
{
    private const string Arc = "1.3.6.1.4.1.3704.1";

    private static readonly RSA s_rootKey = RSA.Create(2048);
    private static readonly RSA s_issuerKey = RSA.Create(2048);

    private readonly ECDsa _chipKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public MadeReports(string line, bool vlek = false, byte[]? chipIdType = null)
    {
        SnpProduct known = SnpProduct.All.Single(product => product.Name == line);
        using X509Certificate2 root = Authority(known.Root.CommonName, s_rootKey, null, s_rootKey);
        using X509Certificate2 issuer = Authority($"SEV-{line}", s_issuerKey, root, s_rootKey);
        var chip = new CertificateRequest(Name(vlek ? "SEV-VLEK" : "SEV-VCEK"), _chipKey, HashAlgorithmName.SHA384);
        foreach ((string oid, byte[] value) in Extensions(known, vlek, chipIdType ?? []))
        {
            chip.CertificateExtensions.Add(new X509Extension(oid, value, critical: false));
        }

        using X509Certificate2 certificate = chip.Create(issuer.SubjectName, X509SignatureGenerator.CreateForRSA(s_issuerKey, RSASignaturePadding.Pss), From, To, [3]);
        Product = SnpProduct.Under(SignedCertificate.Parse(root.RawData));
        Presented = [SignedCertificate.Parse(certificate.RawData), SignedCertificate.Parse(issuer.RawData)];
        Vlek = vlek;
    }

    public static DateTimeOffset From { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset To { get; } = From.AddYears(5);

    public SnpProduct Product { get; }

    public IReadOnlyList<SignedCertificate> Presented { get; }

    private bool Vlek { get; }

    /// <summary>A report of versions that the certificate is for, changed and then signed.</summary>
    public byte[] Sign(uint version, Action<byte[]>? change = null)
    {
        byte[] report = new byte[SnpReport.Size];
        BinaryPrimitives.WriteUInt32LittleEndian(report, version);
        report[0x0A] = 3;
        report[0x34] = 1;
        report[0x48] = (byte)(Vlek ? 1 << 2 : 0);
        foreach ((string component, int place) in Product.TcbBytes)
        {
            report[0x180 + place] = Version(component);
        }

        ChipId.CopyTo(report, 0x1A0);
        if (version >= 3)
        {
            report[0x188] = (byte)(Product.CpuFamily ?? 0);
        }

        if (version >= 5)
        {
            report[0x1F8] = 7;
        }

        change?.Invoke(report);
        byte[] signature = _chipKey.SignData(report.AsSpan(0, SnpReport.SignedSize).ToArray(), HashAlgorithmName.SHA384);
        signature.AsSpan(0, 48).ToArray().Reverse().ToArray().CopyTo(report, 0x2A0);
        signature.AsSpan(48).ToArray().Reverse().ToArray().CopyTo(report, 0x2A0 + 72);
        return report;
    }

    public VerifiedSnpReport Verify(byte[] report) =>
        VerifiedSnpReport.Verify(SnpReport.Parse(report), SnpChain.Verify(Presented, [Product], From.AddDays(1)));

    /// <summary>A list of revoked certificates, by the root and in its name unless told otherwise.</summary>
    public byte[] Revocations(DateTimeOffset from, DateTimeOffset to, SignedCertificate? revoked = null, bool byRoot = true, string? name = null)
    {
        var list = new CertificateRevocationListBuilder();
        if (revoked is not null)
        {
            list.AddEntry(revoked.Serial.Span, from);
        }

        return list.Build(
            name is null ? new X500DistinguishedName(Product.Root.SubjectName.Span) : Name(name),
            X509SignatureGenerator.CreateForRSA(byRoot ? s_rootKey : s_issuerKey, RSASignaturePadding.Pss),
            1,
            to,
            HashAlgorithmName.SHA384,
            new X509AuthorityKeyIdentifierExtension([0x30, 0x00], critical: false),
            from);
    }

    public void Dispose() => _chipKey.Dispose();

    private byte[] ChipId => [.. Enumerable.Range(1, Product.ChipIdBytes).Select(i => (byte)i), .. new byte[64 - Product.ChipIdBytes]];

    private static byte Version(string component) => (byte)(component.Length + 1);

    private static IEnumerable<(string Oid, byte[] Value)> Extensions(SnpProduct product, bool vlek, byte[] chipIdType)
    {
        yield return ($"{Arc}.2", Encoded(writer => writer.WriteCharacterString(UniversalTagNumber.IA5String, product.Name)));
        foreach ((string component, string oid) in new[] { ("boot_loader", "1"), ("tee", "2"), ("snp", "3"), ("microcode", "8"), ("fmc", "9") })
        {
            if (product.TcbBytes.ContainsKey(component))
            {
                yield return ($"{Arc}.3.{oid}", Encoded(writer => writer.WriteInteger(Version(component))));
            }
        }

        yield return vlek
            ? ($"{Arc}.5", Encoded(writer => writer.WriteCharacterString(UniversalTagNumber.IA5String, "Cloud")))
            : ($"{Arc}.4", [.. chipIdType, .. Enumerable.Range(1, product.ChipIdBytes).Select(i => (byte)i)]);
    }

    private static byte[] Encoded(Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        return writer.Encode();
    }

    private static X509Certificate2 Authority(string name, RSA key, X509Certificate2? issuer, RSA issuerKey)
    {
        var request = new CertificateRequest(Name(name), key, HashAlgorithmName.SHA384, RSASignaturePadding.Pss);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.Create(issuer?.SubjectName ?? request.SubjectName, X509SignatureGenerator.CreateForRSA(issuerKey, RSASignaturePadding.Pss), From, To, [1]);
    }

    private static X500DistinguishedName Name(string common) => new($"CN={common}, O=Nobody");
}
