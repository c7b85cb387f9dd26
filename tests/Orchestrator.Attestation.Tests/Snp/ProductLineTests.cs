using Orchestrator.Attestation.Snp;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Tests.Snp;

/// <summary>Every report version on every product line, signed by a chip's key or a cloud provider's.</summary>
public sealed class ProductLineTests
{
    public static TheoryData<string, uint, bool> Kinds => new(
        from line in new[] { "Milan", "Genoa", "Turin" } from version in new uint[] { 2, 3, 4, 5 } from vlek in new[] { false, true } select (line, version, vlek));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Verify_ReportOfAKnownKind_IsVerifiedAndDescribed(string line, uint version, bool vlek)
    {
        using var chip = new MadeReports(line, vlek);
        VerifiedSnpReport verified = chip.Verify(chip.Sign(version));

        Assert.Equal(vlek ? SnpSigningKey.Vlek : SnpSigningKey.Vcek, verified.Report.SigningKey);
        Assert.Equal(4 + (line == "Turin" ? 1 : 0), verified.ReportedTcb.Components.Count);
        Assert.All(verified.ReportedTcb.Components, part => Assert.Equal(part.Key.Length + 1, part.Value));
        string[] names = [.. verified.Report.Describe(chip.Product).Select(claim => claim.Name)];
        Assert.Equal((version >= 3, version >= 5), (names.Contains("processor"), names.Contains("mitigations")));
        Assert.Equal(version >= 3 ? (line == "Turin" ? "Turin" : "Milan") : "Milan", SnpProduct.LikelyOf(verified.Report).Name);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Parse_SomethingWhereTheVersionHasNothing_IsRefused(string line, uint version, bool vlek)
    {
        using var chip = new MadeReports(line, vlek);
        foreach (int place in new[] { 0x4C, version == 2 ? 0x188 : 0x18B, 0x19F, version < 5 ? 0x1F8 : 0x208, 0x29F })
        {
            byte[] report = chip.Sign(version, bytes => bytes[place] = 1);
            Assert.Equal("snp-report-malformed", Assert.Throws<OrchestratorException>(() => SnpReport.Parse(report)).Code.Id);
        }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(6u)]
    [InlineData(1u)]
    public void Parse_UnknownVersion_IsRefused(uint version)
    {
        using var chip = new MadeReports("Genoa");
        Assert.Equal("snp-report-malformed", Assert.Throws<OrchestratorException>(() => SnpReport.Parse(chip.Sign(version))).Code.Id);
    }

    [Theory]
    [InlineData(0x1A0, "chip")]
    [InlineData(0x181, "TCB")]
    [InlineData(0x48, "names a Vlek")]
    public void Verify_SignedReportOfAnotherChipTcbOrKey_IsRefused(int place, string what)
    {
        using var chip = new MadeReports("Turin");
        byte[] report = chip.Sign(3, bytes => bytes[place] = 4);

        OrchestratorException refusal = Assert.Throws<OrchestratorException>(() => chip.Verify(report));
        Assert.Equal("snp-chip-mismatch", refusal.Code.Id);
        Assert.Contains(what, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_ReportWhosePlatformHidesTheChipsId_IsVerifiedByTheChipsKey()
    {
        using var chip = new MadeReports("Milan");
        Assert.True(chip.Verify(chip.Sign(2, bytes => bytes.AsSpan(0x1A0, 64).Clear())).Report.MasksChipId);
    }

    /// <summary>The vendor writes the ID's bytes alone; what other services issue may have a type before them.</summary>
    [Theory]
    [InlineData("Milan", 64)]
    [InlineData("Turin", 8)]
    public void Verify_ChipIdWithATypeBeforeItsBytes_IsVerified(string line, byte length)
    {
        using var chip = new MadeReports(line, chipIdType: [4, length]);
        Assert.Equal(length, chip.Verify(chip.Sign(3)).Chain.Chip.ChipId!.Value.Length);
    }

    [Theory]
    [InlineData("Milan", 65)]
    [InlineData("Turin", 7)]
    public void Verify_ChipIdOfAnotherLength_IsRefused(string line, byte length)
    {
        using var chip = new MadeReports(line, chipIdType: [4, length]);
        Assert.Equal("attestation-certificate-invalid", Assert.Throws<OrchestratorException>(() => chip.Verify(chip.Sign(3))).Code.Id);
    }

    [Fact]
    public void Verify_UnderTheVendorsRoots_IsRefused()
    {
        using var chip = new MadeReports("Milan");
        Assert.Equal(
            "snp-chain-invalid",
            Assert.Throws<OrchestratorException>(() => SnpChain.Verify(chip.Presented, SnpProduct.All, MadeReports.From.AddDays(1))).Code.Id);
    }
}
