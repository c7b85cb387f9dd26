using System.Collections.Immutable;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Snp;

namespace Orchestrator.Attestation.Tests.Snp;

/// <summary>What a policy has against a report that is wrong in one place, and nothing where it is not.</summary>
public sealed class SnpPolicyTests
{
    private static SnpPolicy Lenient { get; } = new() { Party = "clinic-a", AllowUnknownMeasurement = true, AllowUnknownRevocation = true };

    public static TheoryData<string, Action<byte[]>> Faults => new()
    {
        { "snp-debug", report => report[0x0A] |= 1 << 3 },
        { "snp-migration", report => report[0x0A] |= 1 << 2 },
        { "snp-vmpl", report => report[0x30] = 1 },
        { "snp-vmpl", report => report.AsSpan(0x30, 4).Fill(0xFF) },
        { "snp-sandbox", report => "sandbox"u8.CopyTo(report.AsSpan(0x10)) },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Assess_AGuestThatIsOpenToTheHost_IsRefusedUnlessAllowedByName(string code, Action<byte[]> change)
    {
        using var chip = new MadeReports("Genoa");
        VerifiedSnpReport verified = chip.Verify(chip.Sign(3, change));
        SnpPolicy allowing = Lenient with { AllowDebug = code == "snp-debug", AllowMigration = code == "snp-migration", AllowSandbox = code == "snp-sandbox", MaximumVmpl = code == "snp-vmpl" ? uint.MaxValue : 0 };

        Assert.Equal([code], Lenient.Assess(verified).Select(denial => denial.Code));
        Assert.Empty(allowing.Assess(verified));
    }

    [Fact]
    public void Assess_AMeasurementOtherThanTheEndorsed_IsRefused()
    {
        using var chip = new MadeReports("Milan");
        var endorsement = VerifiedEndorsement.Verify(GenuineEvidence.Endorsement, GenuineEvidence.Time);

        Denial denial = Assert.Single(Lenient.Assess(chip.Verify(chip.Sign(2)), endorsement));

        Assert.Equal(("snp-measurement", "measurement", new Measurement(new byte[48]).ToString()), (denial.Code, denial.Claim, denial.Observed));
        Assert.Contains(endorsement.Measurement.ToString(), denial.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Assess_AnEndorsementByAnotherThanTheNamedPublishers_IsRefusedAsIsAnyByAnEmptyList()
    {
        var endorsement = VerifiedEndorsement.Verify(GenuineEvidence.Endorsement, GenuineEvidence.Time);
        VerifiedSnpReport verified = GenuineEvidence.Verify(GenuineEvidence.Report, GenuineEvidence.Certificates);

        Assert.Empty((Lenient with { Endorsers = [new SnpEndorser(endorsement.Issuer)] }).Assess(verified, endorsement));
        foreach (ImmutableArray<SnpEndorser> others in (ImmutableArray<SnpEndorser>[])[[new SnpEndorser("did:x509:0:sha256:x::eku:1.3")], [new SnpEndorser(endorsement.Issuer, "another feed")], []])
        {
            Assert.Equal(["snp-endorser"], (Lenient with { Endorsers = others }).Assess(verified, endorsement).Select(denial => denial.Code));
        }
    }

    [Fact]
    public void Assess_ADemandedEndorsementThatIsNotShown_IsRefusedEvenForAListedMeasurement()
    {
        VerifiedSnpReport verified = GenuineEvidence.Verify(GenuineEvidence.Report, GenuineEvidence.Certificates);
        SnpPolicy demanding = Lenient with { Measurements = [verified.Report.Measurement], Endorsers = [new SnpEndorser("did:x509:0:sha256:x::eku:1.3", "images")] };

        Denial denial = Assert.Single(demanding.Assess(verified));

        Assert.Equal(("snp-endorsement-missing", "images of did:x509:0:sha256:x::eku:1.3", "none"), (denial.Code, denial.Expected, denial.Observed));
    }

    [Fact]
    public void Assess_AnEndorsementOfALesserSecurityVersion_IsRefused()
    {
        var endorsement = VerifiedEndorsement.Verify(GenuineEvidence.Endorsement, GenuineEvidence.Time);
        VerifiedSnpReport verified = GenuineEvidence.Verify(GenuineEvidence.Report, GenuineEvidence.Certificates);
        var newest = new SnpEndorser(endorsement.Issuer, endorsement.Feed, endorsement.GuestSvn);

        Assert.Empty((Lenient with { Endorsers = [newest] }).Assess(verified, endorsement));
        Denial denial = Assert.Single((Lenient with { Endorsers = [newest with { MinimumSvn = endorsement.GuestSvn + 1 }] }).Assess(verified, endorsement));
        Assert.Equal(("snp-endorsement-svn", $"at least {endorsement.GuestSvn + 1}", $"{endorsement.GuestSvn}"), (denial.Code, denial.Expected, denial.Observed));

        // A publisher that is named twice is trusted as far as the more lenient of the two says.
        Assert.Empty((Lenient with { Endorsers = [newest with { MinimumSvn = endorsement.GuestSvn + 1 }, newest] }).Assess(verified, endorsement));
    }

    [Fact]
    public void Assess_AMeasurementThatNobodyNames_IsRefused()
    {
        var endorsement = VerifiedEndorsement.Verify(GenuineEvidence.Endorsement, GenuineEvidence.Time);
        VerifiedSnpReport verified = GenuineEvidence.Verify(GenuineEvidence.Report, GenuineEvidence.Certificates);
        SnpPolicy silent = Lenient with { AllowUnknownMeasurement = false };

        Assert.Equal(["snp-measurement"], silent.Assess(verified).Select(denial => denial.Code));
        Assert.Empty(silent.Assess(verified, endorsement));
        Assert.Empty((silent with { Measurements = [verified.Report.Measurement] }).Assess(verified));
    }

    [Theory]
    [InlineData(4, 4, true)]
    [InlineData(4, 5, false)]
    public void Assess_ATcbBelowTheFloor_IsRefused(byte reported, byte least, bool accepted)
    {
        using var chip = new MadeReports("Milan");
        VerifiedSnpReport verified = chip.Verify(chip.Sign(2));
        Assert.Equal(reported, verified.ReportedTcb.Components["snp"]);

        ImmutableArray<Denial> denials = (Lenient with { MinimumTcb = ImmutableDictionary<string, byte>.Empty.Add("snp", least) }).Assess(verified);

        Assert.Equal(accepted ? [] : ["snp-tcb"], denials.Select(denial => denial.Code));
    }

    [Theory]
    [InlineData(0x34, 0)]
    [InlineData(0x34, 2)]
    [InlineData(0x48, 2 << 2)]
    [InlineData(0x48, 7 << 2)]
    public void Parse_AnotherAlgorithmOrNoKey_IsRefused(int place, byte value)
    {
        using var chip = new MadeReports("Milan");
        Support.ErrorAssert.Throws(SnpErrors.ReportMalformed, () => SnpReport.Parse(chip.Sign(3, report => report[place] = value)));
    }

    [Fact]
    public void Verify_TheRootsListOfRevokedCertificates_CountsOnlyIfItsOwnCurrentAndWithoutTheIssuer()
    {
        using var chip = new MadeReports("Turin");
        DateTimeOffset day = MadeReports.From.AddDays(1);
        SnpChain Verify(byte[] list) => SnpChain.Verify(chip.Presented, [chip.Product], day, list);

        Assert.True(Verify(chip.Revocations(day, day.AddDays(1))).RevocationChecked);
        Support.ErrorAssert.Throws(SnpErrors.Revoked, () => Verify(chip.Revocations(day, day.AddDays(1), revoked: chip.Presented[1])));
        Support.ErrorAssert.Throws(SnpErrors.RevocationListInvalid, () => Verify(chip.Revocations(day.AddDays(-3), day.AddDays(-1))));
        Support.ErrorAssert.Throws(SnpErrors.RevocationListInvalid, () => Verify(chip.Revocations(day.AddDays(1), day.AddDays(2))));
        Support.ErrorAssert.Throws(SnpErrors.RevocationListInvalid, () => Verify(chip.Revocations(day, day.AddDays(1), byRoot: false)));
        Support.ErrorAssert.Throws(SnpErrors.RevocationListInvalid, () => Verify(chip.Revocations(day, day.AddDays(1), name: "ARK-Milan")));
        byte[] altered = chip.Revocations(day, day.AddDays(1));
        altered[^1] ^= 1;
        Support.ErrorAssert.Throws(SnpErrors.RevocationListInvalid, () => Verify(altered));
        Support.ErrorAssert.Throws(SnpErrors.RevocationListInvalid, () => Verify([.. chip.Revocations(day, day.AddDays(1)), 0]));
    }
}
