using Orchestrator.Attestation;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tests.Identity;

public sealed class FaultTests
{
    /// <summary>Whose rules refuse, where it is not verification that fails.</summary>
    private static readonly Dictionary<Fault, string[]> Policies = new()
    {
        [Fault.Debug] = ["clinic-a"],
        [Fault.StaleFirmware] = ["manifest", "clinic-a", "vendor"],
        [Fault.WrongFirmware] = ["manifest"],
        [Fault.WrongBootloader] = ["manifest"],
        [Fault.ReplayedNonce] = ["clinic-a"],
        [Fault.OrdinaryMode] = ["clinic-a"],
        [Fault.NoConfinement] = ["clinic-a"],
    };

    public static TheoryData<Fault> Faults => [.. Enum.GetValues<Fault>().Where(fault => fault != Fault.None)];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Device_WithAFault_IsRefusedByAnUnmodifiedParty(Fault fault)
    {
        string code = FaultDescription.All.Single(description => description.Fault == fault).CaughtBy;
        await using TestDevice device = await TestDevice.StartAsync(new FakeTiles { Confined = fault != Fault.NoConfinement }, fault);
        byte[] evidence = await device.QuoteAsync();
        if (code.StartsWith("attestation-", StringComparison.Ordinal))
        {
            Assert.Equal(code, Assert.Throws<OrchestratorException>(() => device.Verify(evidence)).Code.Id);
            return;
        }

        ReleaseDecision decision = device.Decide("clinic-a", evidence);
        Assert.Null(decision.Permit);
        Assert.Equal(Policies[fault].Select(policy => (code, policy)), decision.Denials.Select(denial => (denial.Code, denial.PolicyOf)));
    }

    [Fact]
    public void Specification_ListsEveryFaultAsTheDeviceDoes()
    {
        string specification = File.ReadAllText(Path.Combine(Repository.Root, "docs", "spec", "device.md"));
        Assert.All(FaultDescription.All, fault => Assert.Contains($"| `{fault.Name}` | {fault.Deed} | `{fault.CaughtBy}` |", specification, StringComparison.Ordinal));
        Assert.Equal(Enum.GetValues<Fault>().Skip(1), FaultDescription.All.Select(fault => fault.Fault));
    }

    [Fact]
    public async Task Autoloader_WithoutConfinement_StartsTilesThatAreNotConfined()
    {
        await using TestDevice device = await TestDevice.StartWithTilesAsync(new TestJob(TestDevice.Firmware), fault: Fault.NoConfinement);
        Assert.Equal(["release-tiles-unconfined"], device.Decide("lab", await device.QuoteAsync()).Denials.Select(denial => denial.Code));
    }

    [Fact]
    public async Task Validate_ReplayedNonceInASecondSession_Denies()
    {
        await using TestDevice device = await TestDevice.StartAsync(fault: Fault.ReplayedNonce);
        await device.QuoteAsync();
        await device.Host.Mailbox.ResetAsync(new());
        Assert.Equal(["release-nonce-mismatch"], device.Decide("lab", await device.QuoteAsync()).Denials.Select(denial => denial.Code));
    }

    [Fact]
    public async Task Validate_SoundDevice_Permits()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        byte[] evidence = await device.QuoteAsync();
        VerifiedQuote quote = device.Decide("lab", evidence).Permit!.Quote;
        Assert.Equal(1, quote.Collateral!.MinimumSecurityVersion);
        Assert.Equal(TestDevice.Firmware, quote.Claims.Firmware);
        Assert.True(quote.Claims.Simulated);
        Assert.Equal(device.Job.Manifest.Digest, quote.Claims.Manifest);
    }
}
