using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Snp;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Tests.Snp;

public sealed class GenuineReportTests
{
    [Fact]
    public void A_genuine_report_verifies_and_is_bound_to_its_policy_and_endorsement()
    {
        VerifiedSnpReport verified = GenuineEvidence.Verify(GenuineEvidence.Report, GenuineEvidence.Certificates);
        var endorsement = VerifiedEndorsement.Verify(GenuineEvidence.Endorsement, GenuineEvidence.Time);

        Assert.Equal("Milan", verified.Chain.Product.Name);
        Assert.Equal("Milan-B0", verified.Chain.Chip.ProductName);
        Assert.Equal("boot_loader 3, microcode 115, snp 8, tee 0", verified.ReportedTcb.ToString());
        Assert.Equal("ContainerPlat-AMD-UVM", endorsement.Feed);
        Assert.Equal("2023-02-08 05:42:23Z", $"{endorsement.JudgedAt:u}");
        SnpPolicy policy = Policy with { PolicyDigest = SHA256.HashData(GenuineEvidence.Policy), AllowUnknownRevocation = true };
        Assert.Empty(policy.Assess(verified, endorsement));
    }

    [Fact]
    public void Everything_that_a_policy_has_against_a_report_is_said_at_once()
    {
        VerifiedSnpReport verified = GenuineEvidence.Verify(GenuineEvidence.Report, GenuineEvidence.Certificates);
        SnpPolicy policy = Policy with
        {
            Measurements = [new Measurement(new byte[48])],
            PolicyDigest = new byte[32],
            ReportData = new byte[64],
            MinimumGuestSvn = 3,
            MinimumTcb = ImmutableDictionary<string, byte>.Empty.Add("snp", 9).Add("microcode", 115).Add("fmc", 1),
        };

        ImmutableArray<Denial> denials = policy.Assess(verified);

        Assert.Equal(
            ["snp-measurement", "snp-policy-digest", "snp-report-data", "snp-guest-svn", "snp-tcb", "snp-tcb", "snp-revocation-unknown"],
            denials.Select(denial => denial.Code));
        Assert.All(denials, denial => Assert.Equal("clinic-a", denial.PolicyOf));
        Denial snp = denials[5];
        Assert.Equal(("reported_tcb.snp", "at least 9", "8"), (snp.Claim, snp.Expected, snp.Observed));
    }

    [Fact]
    public void A_measurement_that_nobody_vouches_for_is_refused()
    {
        VerifiedSnpReport verified = GenuineEvidence.Verify(GenuineEvidence.Report, GenuineEvidence.Certificates);

        Assert.Equal(["snp-measurement"], (Policy with { AllowUnknownRevocation = true }).Assess(verified).Select(denial => denial.Code));
    }

    [Fact]
    public void No_byte_of_a_report_can_be_changed()
    {
        byte[] report = GenuineEvidence.Report;
        IReadOnlyList<byte[]> certificates = GenuineEvidence.Certificates;
        SnpChain chain = GenuineEvidence.Verify(report, certificates).Chain;
        for (int i = 0; i < report.Length; i++)
        {
            byte[] changed = [.. report];
            changed[i] ^= (byte)(1 << (i % 8));
            var refusal = Assert.Throws<OrchestratorException>(() => VerifiedSnpReport.Verify(SnpReport.Parse(changed), chain));
            Assert.Contains(refusal.Code.Id, (string[])["snp-report-malformed", "snp-signature-invalid"]);
        }
    }

    [Fact]
    public void No_byte_of_the_chips_or_its_issuers_certificate_can_be_changed()
    {
        IReadOnlyList<byte[]> certificates = GenuineEvidence.Certificates;
        for (int certificate = 0; certificate < 2; certificate++)
        {
            for (int i = 0; i < certificates[certificate].Length; i++)
            {
                byte[][] changed = [.. certificates.Select(der => der.ToArray())];
                changed[certificate][i] ^= (byte)(1 << (i % 8));
                try
                {
                    GenuineEvidence.Verify(GenuineEvidence.Report, changed);
                    Assert.Fail($"byte {i} of certificate {certificate}");
                }
                catch (OrchestratorException)
                {
                }
            }
        }
    }

    [Fact]
    public void No_byte_of_an_endorsement_can_be_changed()
    {
        // Every byte was tried once; here those that no signature covers, and a sample of the rest.
        byte[] endorsement = GenuineEvidence.Endorsement;
        var accepted = new List<int>();
        for (int i = 0; i < endorsement.Length; i += i is > 5085 and < 5150 or > 9240 and < 9260 ? 1 : 23)
        {
            byte[] changed = [.. endorsement];
            changed[i] ^= (byte)(1 << (i % 8));
            try
            {
                VerifiedEndorsement.Verify(changed, GenuineEvidence.Time);
                accepted.Add(i);
            }
            catch (OrchestratorException)
            {
            }
        }

        Assert.Empty(accepted);
    }

    [Fact]
    public void A_report_of_another_layout_is_refused()
    {
        byte[] report = GenuineEvidence.Report;

        Assert.Equal("snp-report-malformed", Assert.Throws<OrchestratorException>(() => SnpReport.Parse(report.AsSpan(1))).Code.Id);
        Assert.Equal("snp-report-malformed", Assert.Throws<OrchestratorException>(() => SnpReport.Parse([.. report, 0])).Code.Id);
        Assert.Equal("snp-report-malformed", Assert.Throws<OrchestratorException>(() => SnpReport.Parse([])).Code.Id);
    }

    [Fact]
    public void A_chain_is_not_one_without_its_issuer_at_another_time_or_under_another_root()
    {
        IReadOnlyList<byte[]> certificates = GenuineEvidence.Certificates;
        byte[] report = GenuineEvidence.Report;

        Assert.Equal("snp-chain-invalid", Assert.Throws<OrchestratorException>(() => GenuineEvidence.Verify(report, [certificates[0], certificates[2]])).Code.Id);
        Assert.Equal("snp-chain-invalid", Assert.Throws<OrchestratorException>(() => GenuineEvidence.Verify(report, [certificates[1], certificates[2]])).Code.Id);
        Assert.Equal("snp-chain-invalid", Assert.Throws<OrchestratorException>(() => SnpChain.Verify(
            [.. certificates.Select(der => Attestation.X509.SignedCertificate.Parse(der))], SnpProduct.All.Where(line => line.Name != "Milan"), GenuineEvidence.Time)).Code.Id);
        Assert.Equal("snp-certificate-expired", Assert.Throws<OrchestratorException>(() => GenuineEvidence.Verify(report, certificates, GenuineEvidence.Time.AddYears(5))).Code.Id);
    }

    private static SnpPolicy Policy { get; } = new() { Party = "clinic-a" };
}
