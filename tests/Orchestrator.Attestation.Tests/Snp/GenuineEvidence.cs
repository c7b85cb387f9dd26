using System.Text.Json;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.X509;
using Orchestrator.Tests;

namespace Orchestrator.Attestation.Tests.Snp;

/// <summary>A genuine report with its certificates, policy and endorsement, beside the tree in <c>../shared/vectors/snp</c>.</summary>
internal static class GenuineEvidence
{
    /// <summary>Within the validity of the chip's certificate.</summary>
    public static DateTimeOffset Time { get; } = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

    public static byte[] Report => Read("snp_report.bin");

    public static byte[] Endorsement => Read("body.uvm_reference_info.bin");

    /// <summary>The policy's text, whose SHA-256 is the report's HOST_DATA.</summary>
    public static byte[] Policy => Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(Read("uvm_security_policy.base64")).Trim());

    /// <summary>VCEK, ASK, ARK in DER.</summary>
    public static IReadOnlyList<byte[]> Certificates
    {
        get
        {
            using var json = JsonDocument.Parse(Read("uvm_host_amd_certificate.json"));
            string pem = json.RootElement.GetProperty("vcekCert").GetString() + json.RootElement.GetProperty("certificateChain").GetString();
            return [.. SignedCertificate.ParsePem(pem).Select(certificate => certificate.Der.ToArray())];
        }
    }

    public static VerifiedSnpReport Verify(byte[] report, IEnumerable<byte[]> certificates, DateTimeOffset? time = null) => VerifiedSnpReport.Verify(
        SnpReport.Parse(report),
        SnpChain.Verify([.. certificates.Select(der => SignedCertificate.Parse(der))], SnpProduct.All, time ?? Time));

    private static byte[] Read(string name)
    {
        string path = Path.Combine(Tree.Root, "..", "shared", "vectors", "snp", name);
        Assert.SkipUnless(File.Exists(path), $"{name} is not beside the tree.");
        return File.ReadAllBytes(path);
    }
}
