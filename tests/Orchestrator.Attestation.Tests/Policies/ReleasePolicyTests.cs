using Orchestrator.Attestation.Certificates;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Tests.Policies;

public sealed class ReleasePolicyTests
{
    private static readonly QuoteExpectations Expectations = new()
    {
        Manifest = QuoteMaker.Manifest,
        Firmware = [TestVendor.Firmware],
        MinimumSecurityVersion = 1,
        Nonce = QuoteMaker.Nonce,
    };

    private static readonly ReleasePolicy Default = new() { Party = QuoteMaker.Party };

    private static readonly ReleasePolicy ForSimulator = Default with { AllowSimulatedDevices = true, AllowUnknownRevocation = true };

    [Fact]
    public void Validate_DefaultPolicyAndSimulator_DeniesBothReasons() =>
        AssertDenied(Default.Validate(Verified(), Expectations), (ReleaseErrors.Simulated, "clinic"), (ReleaseErrors.RevocationUnknown, "clinic"));

    [Fact]
    public void Validate_SimulatorAllowedByName_Permits()
    {
        VerifiedQuote quote = Verified();
        ReleaseDecision decision = ForSimulator.Validate(quote, Expectations);
        Assert.Empty(decision.Denials);
        Assert.Same(quote, decision.Permit!.Quote);
        Assert.Equal("clinic", decision.Permit.Party);
    }

    [Fact]
    public void Validate_GenuineDeviceAndCurrentList_NeedsNoOptIn()
    {
        var vendor = new TestVendor(simulated: false);
        byte[] collateral = Collateral.Issue(vendor.Root, null, new CollateralContent(TestVendor.Now, TestVendor.Now, [], 1));
        VerifiedQuote quote = QuoteMaker.Verifier(vendor, Collateral.Verify(collateral, vendor.Anchors))
            .Verify(QuoteMaker.Make(vendor, claims => claims with { Simulated = false }));
        Assert.NotNull(Default.Validate(quote, Expectations).Permit);
    }

    public static TheoryData<string> SessionFaults => [.. Session.Keys];

    private static readonly Dictionary<string, (Func<Quote, Quote> Alter, ErrorCode Code)> Session = new()
    {
        ["other manifest"] = (quote => quote with { Manifest = Digest.Of("other"u8) }, ReleaseErrors.Manifest),
        ["nonce of an earlier quote"] = (quote => quote with { Nonces = quote.Nonces.SetItem("clinic", new byte[Quote.NonceSize]) }, ReleaseErrors.Nonce),
        ["nonce only of another party"] = (quote => quote with { Nonces = quote.Nonces.Remove("clinic").SetItem("lab", QuoteMaker.Nonce) }, ReleaseErrors.Nonce),
        ["unexpected checkpoint"] = (quote => quote with { Checkpoint = new CheckpointClaim(Digest.Of([1]), 1, 1) }, ReleaseErrors.Checkpoint),
        ["ordinary mode"] = (quote => quote with { Mode = Quote.OrdinaryMode }, ReleaseErrors.Mode),
        ["unconfined tiles"] = (quote => quote with { Confined = false }, ReleaseErrors.Unconfined),
    };

    [Theory]
    [MemberData(nameof(SessionFaults))]
    public void Validate_QuoteOfAnotherSession_IsDenied(string fault) =>
        AssertDenied(ForSimulator.Validate(Verified(Session[fault].Alter), Expectations), (Session[fault].Code, "clinic"));

    public static TheoryData<int, string, bool> Resumptions => new()
    {
        { 0, "", false },
        { 1, "acknowledged", false },
        { 2, "another", false },
        { 2, "acknowledged", true },
        { 3, "later", true },
    };

    [Theory]
    [MemberData(nameof(Resumptions))]
    public void Validate_AfterACheckpointWasSeen_TakesThatOrALaterOneOnly(int counter, string content, bool accepted)
    {
        var vendor = new TestVendor();
        QuoteExpectations resuming = Expectations with { Earlier = On(vendor, boot: 2, new CheckpointClaim(Digest.Of("acknowledged"u8), 4, 2)) };
        CheckpointClaim? offered = counter == 0 ? null : new CheckpointClaim(Digest.Of(System.Text.Encoding.UTF8.GetBytes(content)), 2 * counter, counter);
        ReleaseDecision decision = ForSimulator.Validate(Verified(quote => quote with { Checkpoint = offered }, vendor), resuming);
        if (accepted)
        {
            Assert.NotNull(decision.Permit);
        }
        else
        {
            AssertDenied(decision, (ReleaseErrors.Checkpoint, "clinic"));
        }
    }

    [Fact]
    public void Validate_WhileAnEarlierSessionMayStillRun_IsDeniedUnlessAllowed()
    {
        var vendor = new TestVendor();
        VerifiedQuote quote = Verified(vendor: vendor);
        QuoteExpectations sameBoot = Expectations with { Earlier = On(vendor, boot: 3) };
        QuoteExpectations otherDevice = Expectations with { Earlier = new EarlierSession(new byte[Quote.UeidSize], 1, null) };
        AssertDenied(ForSimulator.Validate(quote, sameBoot), (ReleaseErrors.Forked, "clinic"));
        AssertDenied(ForSimulator.Validate(quote, otherDevice), (ReleaseErrors.Forked, "clinic"));
        Assert.NotNull((ForSimulator with { AllowMovedJobs = true }).Validate(quote, otherDevice).Permit);
        Assert.NotNull(ForSimulator.Validate(quote, Expectations with { Earlier = On(vendor, boot: 2) }).Permit);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    public void Validate_BootThatIsNoLaterThanOneSeen_IsDeniedEvenIfJobsMayMove(long latest, bool accepted)
    {
        ReleaseDecision decision = (ForSimulator with { AllowMovedJobs = true }).Validate(Verified(), Expectations with { LatestBoot = latest });
        if (accepted)
        {
            Assert.NotNull(decision.Permit);
        }
        else
        {
            AssertDenied(decision, (ReleaseErrors.DeviceRolledBack, "clinic"));
        }
    }

    private static EarlierSession On(TestVendor vendor, long boot, CheckpointClaim? checkpoint = null) => new(QuoteMaker.Claims(vendor).Ueid, boot, checkpoint);

    [Fact]
    public void Validate_LowSecurityVersion_IsDeniedByWhoeverAsksForMore()
    {
        VerifiedQuote stale = Verified(quote => quote with { SecurityVersion = 0 }, new TestVendor(securityVersion: 0));
        AssertDenied(ForSimulator.Validate(stale, Expectations), (ReleaseErrors.SecurityVersion, "manifest"), (ReleaseErrors.SecurityVersion, "clinic"));
        AssertDenied(ForSimulator.Validate(stale, Expectations with { MinimumSecurityVersion = 0 }), (ReleaseErrors.SecurityVersion, "clinic"));
        AssertDenied(ForSimulator.Validate(Verified(), Expectations with { MinimumSecurityVersion = 2 }), (ReleaseErrors.SecurityVersion, "manifest"));
    }

    [Fact]
    public void Validate_UnknownFirmware_IsDeniedByWhoeverDoesNotKnowIt()
    {
        FirmwareMeasurements other = TestVendor.Firmware with { Tiles = Measurement.Of([9]) };
        AssertDenied(ForSimulator.Validate(Verified(), Expectations with { Firmware = [other] }), (ReleaseErrors.Firmware, "manifest"));
        AssertDenied((ForSimulator with { Firmware = [other] }).Validate(Verified(), Expectations), (ReleaseErrors.Firmware, "clinic"));
        Assert.NotNull((ForSimulator with { Firmware = [other, TestVendor.Firmware] }).Validate(Verified(), Expectations).Permit);
    }

    [Fact]
    public void Validate_EmptyListOfFirmware_AcceptsNone()
    {
        AssertDenied(ForSimulator.Validate(Verified(), Expectations with { Firmware = [] }), (ReleaseErrors.Firmware, "manifest"));
        AssertDenied((ForSimulator with { Firmware = [] }).Validate(Verified(), Expectations), (ReleaseErrors.Firmware, "clinic"));
    }

    [Fact]
    public void Validate_DebugDevice_IsDeniedUnlessAllowedByName()
    {
        VerifiedQuote debug = Verified(quote => quote with { Debug = true }, new TestVendor(debug: true));
        AssertDenied(ForSimulator.Validate(debug, Expectations), (ReleaseErrors.Debug, "clinic"));
        Assert.NotNull((ForSimulator with { AllowDebug = true }).Validate(debug, Expectations).Permit);
    }

    [Fact]
    public void Validate_UnconfinedTiles_CanBeAllowedByName() =>
        Assert.NotNull((ForSimulator with { AllowUnconfinedTiles = true }).Validate(Verified(quote => quote with { Confined = false }), Expectations).Permit);

    [Fact]
    public void Validate_EverythingWrong_GivesEveryReasonAtOnce()
    {
        VerifiedQuote quote = Verified(claims => claims with
        {
            Manifest = Digest.Of("other"u8),
            Nonces = claims.Nonces.Clear().Add("another", new byte[Quote.NonceSize]),
            Checkpoint = new CheckpointClaim(Digest.Of([1]), 1, 1),
            Mode = Quote.OrdinaryMode,
            Confined = false,
            Debug = true,
            SecurityVersion = 0,
        }, new TestVendor(debug: true, securityVersion: 0));
        ReleaseDecision decision = (Default with { Firmware = [] }).Validate(quote, Expectations with { Firmware = [] });
        Assert.Null(decision.Permit);
        Assert.Equal(12, decision.Denials.Length);
        Assert.All(decision.Denials, denial => Assert.False(string.IsNullOrEmpty(denial.Remedy)));
    }

    [Fact]
    public void Validate_ExpectedNonceOfAnotherLength_IsTheCallersMistake() =>
        Assert.Throws<ArgumentException>(() => Default.Validate(Verified(), Expectations with { Nonce = ReadOnlyMemory<byte>.Empty }));

    private static VerifiedQuote Verified(Func<Quote, Quote>? alter = null, TestVendor? vendor = null)
    {
        vendor ??= new TestVendor();
        return QuoteMaker.Verifier(vendor).Verify(QuoteMaker.Make(vendor, alter));
    }

    private static void AssertDenied(ReleaseDecision decision, params (ErrorCode Code, string PolicyOf)[] expected)
    {
        Assert.Null(decision.Permit);
        Assert.Equal(expected.Select(denial => (denial.Code.Id, denial.PolicyOf)), decision.Denials.Select(denial => (denial.Code, denial.PolicyOf)));
    }
}
