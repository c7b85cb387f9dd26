using Orchestrator.Attestation;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tests.Identity;

public sealed class FaultTests
{
    [Theory]
    [InlineData(Fault.ForeignRoot)]
    [InlineData(Fault.Revoked)]
    [InlineData(Fault.ExpiredChain)]
    public async Task Verify_DeviceWithAFaultyChain_Refuses(Fault fault)
    {
        ErrorCode expected = fault switch
        {
            Fault.ForeignRoot => AttestationErrors.RootUnknown,
            Fault.Revoked => AttestationErrors.Revoked,
            _ => AttestationErrors.CertificateExpired,
        };
        await using TestDevice device = await TestDevice.StartAsync(fault: fault);
        byte[] evidence = await device.QuoteAsync();
        ErrorAssert.Throws(expected, () => device.Verify(evidence));
    }

    [Theory]
    [InlineData(Fault.Debug, "release-device-debug", "clinic-a")]
    [InlineData(Fault.StaleFirmware, "release-security-version-low", "manifest", "clinic-a", "vendor")]
    [InlineData(Fault.WrongFirmware, "release-firmware-unknown", "manifest")]
    [InlineData(Fault.ReplayedNonce, "release-nonce-mismatch", "clinic-a")]
    public async Task Validate_DeviceWithFaultyClaims_Denies(Fault fault, string code, params string[] policies)
    {
        await using TestDevice device = await TestDevice.StartAsync(fault: fault);
        ReleaseDecision decision = device.Decide("clinic-a", await device.QuoteAsync());
        Assert.Null(decision.Permit);
        Assert.Equal(policies.Select(policy => (code, policy)), decision.Denials.Select(denial => (denial.Code, denial.PolicyOf)));
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
    public async Task Validate_UnconfinedTiles_Denies()
    {
        await using TestDevice device = await TestDevice.StartAsync(new FakeTiles { Confined = false });
        Assert.Equal(["release-tiles-unconfined"], device.Decide("lab", await device.QuoteAsync()).Denials.Select(denial => denial.Code));
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
