using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Security.Cryptography;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Errors;
using Orchestrator.Stages.Tests.Support;
using Orchestrator.Uvm;

namespace Orchestrator.Stages.Tests;

/// <summary>To which groups a party releases, and that keys open nowhere else.</summary>
public sealed class GroupTests(Processor processor) : IDisposable
{
    private readonly StageWorld _world = new(processor);

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Validate_TheGroupOfTheJob_IsAccepted() => Assert.Empty(Denials(_world.Evidence));

    public static TheoryData<string, string> Others => new()
    {
        { "of another job", "group-manifest" },
        { "of no job", "group-manifest" },
        { "with other nonces", "group-evidence-unbound" },
        { "of another guest", "snp-measurement" },
        { "under another policy", "snp-policy-digest" },
        { "that lies about its policy", "snp-policy-digest" },
        { "that has set another policy", "snp-policy-digest" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Validate_AnotherGroup_IsRefused(string which, string code)
    {
        byte[] evidence = which switch
        {
            "of another job" => _world.Attest(binding => binding with { Manifest = Digest.Of("another"u8) }),
            "of no job" => _world.Attest(binding => binding with { Manifest = null }),
            "with other nonces" => _world.Attest(binding => binding with { Nonces = [new byte[64]] }),
            "of another guest" => _world.Attest(measurement: Measurement.Of("another"u8)),
            "that has set another policy" => _world.Attest(binding => binding with { Policy = Digest.Of("another"u8) }, hostData: StageWorld.Policy),
            "under another policy" => _world.Attest(binding => binding with { Policy = Digest.Of("another"u8) }),
            _ => _world.Attest(hostData: Digest.Of("another"u8)),
        };

        Assert.Contains(code, Denials(evidence));
    }

    [Fact]
    public void Verify_KeysThatTheReportDoesNotBind_AreRefused()
    {
        // What a host that wants the parties' keys would show: a genuine report, and its own key beside it.
        GroupEvidence shown = GroupEvidence.Parse(_world.Evidence);
        using HpkePrivateKey own = HpkePrivateKey.Generate();
        string chain = string.Concat(shown.Certificates.Select(certificate => new string(PemEncoding.Write("CERTIFICATE", certificate.Der.Span)) + "\n"));
        byte[] forged = GroupEvidence.Encode(shown.Report.Bytes, chain, (shown.Binding with { SessionKey = own.PublicKey }).ToCbor(), shown.Nonces);

        Assert.Equal(["group-evidence-unbound"], Denials(forged));
        Assert.Equal("group-evidence-unbound", Assert.Throws<OrchestratorException>(() => GroupEvidence.Parse(forged).RequireBound()).Code.Id);
    }

    [Fact]
    public void Validate_SimulatedProcessorOrSandbox_IsRefusedUnlessAllowedByName()
    {
        VerifiedGroup group = _world.Verify(_world.Evidence);
        SnpPolicy rules = StageWorld.Rules("lab");

        Assert.Equal(["snp-simulated"], Codes(rules with { AllowSimulated = false }, group));
        Assert.Equal(["snp-sandbox"], Codes(rules with { AllowSandbox = false }, group));
        Assert.Equal(["snp-revocation-unknown"], Codes(rules with { AllowUnknownRevocation = false }, group));
        Assert.Equal(["snp-measurement"], Codes(rules with { Measurements = [] }, group));
        Assert.Equal(["snp-endorsement-missing"], Codes(rules with { Endorsers = [new SnpEndorser("did:x509:0:sha256:x::eku:1")] }, group));
    }

    [Fact]
    public void Validate_AnEndorsedGroup_IsAcceptedByWhoTrustsThePublisherAndTheVersion()
    {
        using SimulatedPublisher publisher = SimulatedPublisher.Open(_world.Folder("publisher"), new FixedTime(TestVendor.Now));
        using SimulatedPublisher another = SimulatedPublisher.Open(_world.Folder("another"), new FixedTime(TestVendor.Now));
        VerifiedGroup group = _world.Verify(_world.Attest(endorsement: publisher.Endorse(StageWorld.Agent)));
        SnpPolicy Demanding(string issuer, string? feed = null, uint svn = 0) => StageWorld.Rules("lab") with { Endorsers = [new SnpEndorser(issuer, feed, svn)] };

        Assert.Empty(Codes(Demanding(publisher.Issuer, SimulatedPublisher.Feed, SimulatedPublisher.GuestSvn), group));
        Assert.Equal(["snp-endorser"], Codes(Demanding(another.Issuer), group));
        Assert.Equal(["snp-endorser"], Codes(Demanding(publisher.Issuer, "another"), group));
        Assert.Equal(["snp-endorsement-svn"], Codes(Demanding(publisher.Issuer, null, SimulatedPublisher.GuestSvn + 1), group));
        Assert.Equal(["snp-measurement"], Codes(StageWorld.Rules("lab"), _world.Verify(_world.Attest(endorsement: publisher.Endorse(Measurement.Of("another"u8))))));
    }

    [Fact]
    public void Verify_AnEndorsementWithAnyByteChanged_IsRefused()
    {
        using SimulatedPublisher publisher = SimulatedPublisher.Open(_world.Folder("publisher"), new FixedTime(TestVendor.Now));
        byte[] endorsement = publisher.Endorse(StageWorld.Agent);
        for (int i = 0; i < endorsement.Length; i += 13)
        {
            byte[] changed = [.. endorsement];
            changed[i] ^= 1;
            Assert.Throws<OrchestratorException>(() => _world.Verify(_world.Attest(endorsement: changed)));
        }
    }

    /// <summary>Nothing that no signature covers may come with it, as nobody looks at it.</summary>
    [Fact]
    public void Verify_AnEndorsementWithReceipts_IsRefused()
    {
        using SimulatedPublisher publisher = SimulatedPublisher.Open(_world.Folder("publisher"), new FixedTime(TestVendor.Now));
        var reader = new CborReader(publisher.Endorse(StageWorld.Agent));
        var writer = new CborWriter();
        writer.WriteTag(reader.ReadTag());
        writer.WriteStartArray(reader.ReadStartArray());
        writer.WriteEncodedValue(reader.ReadEncodedValue().Span);
        reader.SkipValue();
        writer.WriteStartMap(1);
        writer.WriteInt32(394);
        writer.WriteStartArray(1);
        writer.WriteByteString([1]);
        writer.WriteEndArray();
        writer.WriteEndMap();
        writer.WriteEncodedValue(reader.ReadEncodedValue().Span);
        writer.WriteEncodedValue(reader.ReadEncodedValue().Span);
        writer.WriteEndArray();

        var refused = Assert.Throws<OrchestratorException>(() => _world.Verify(_world.Attest(endorsement: writer.Encode())));

        Assert.Equal("snp-endorsement-invalid", refused.Code.Id);
        Assert.Contains("outside the signature", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_AnotherPartysNonce_IsRefused()
    {
        (GroupPermit? permit, ImmutableArray<Denial> denials) = GroupRelease.Validate(
            StageWorld.Rules("lab"), _world.Verify(_world.Evidence), StageWorld.Expectations(_world.Manifest) with { Nonce = new byte[GroupEvidence.NonceSize] });

        Assert.Null(permit);
        Assert.Equal(["group-nonce"], denials.Select(denial => denial.Code));
        Assert.Contains("group-nonce", Codes(StageWorld.Rules("stranger"), _world.Verify(_world.Evidence)));
    }

    [Fact]
    public void Parse_AnyFlippedByteOfEvidence_IsNeverAcceptedAsThisGroup()
    {
        for (int i = 0; i < _world.Evidence.Length; i += 61)
        {
            byte[] changed = [.. _world.Evidence];
            changed[i] ^= 0x10;
            try
            {
                // What is in PEM outside the base64, or in names that nothing covers, may change without harm: then the digest differs.
                Assert.NotEqual(_world.Verify(_world.Evidence).Digest, _world.Verify(changed).Digest);
            }
            catch (OrchestratorException)
            {
            }
        }
    }

    [Fact]
    public void Package_OpensForItsGroupStagePartyAndJobAlone()
    {
        ManifestStage stage = _world.Manifest.FindStage(StageWorld.Stage)!;
        byte[] package = _world.Package("clinic-a");
        Digest evidence = GroupEvidence.Parse(_world.Evidence).Digest;
        using (StagePackage opened = StagePackage.Open(package, "clinic-a", _world.GroupSession, _world.Manifest, stage, evidence))
        {
            Assert.Equal(["west"], opened.Keys.Keys);
        }

        using var elsewhere = new StageWorld(processor);
        Refused(() => StagePackage.Open(package, "clinic-b", _world.GroupSession, _world.Manifest, stage, evidence));
        Refused(() => StagePackage.Open(package, "clinic-a", elsewhere.GroupSession, _world.Manifest, stage, evidence));
        Refused(() => StagePackage.Open(package, "clinic-a", _world.GroupSession, elsewhere.Manifest, stage, evidence));
        Refused(() => StagePackage.Open(package, "clinic-a", _world.GroupSession, _world.Manifest, stage with { Name = "other" }, evidence));
        Refused(() => StagePackage.Open(package, "clinic-a", _world.GroupSession, _world.Manifest, stage, Digest.Of("other"u8)));
        for (int i = 0; i < package.Length; i += 17)
        {
            byte[] changed = [.. package];
            changed[i] ^= 1;
            Refused(() => StagePackage.Open(changed, "clinic-a", _world.GroupSession, _world.Manifest, stage, evidence));
        }
    }

    private static void Refused(Action open) => Assert.Equal("stage-package-invalid", Assert.Throws<OrchestratorException>(open).Code.Id);

    private string[] Codes(SnpPolicy rules, VerifiedGroup group) =>
        [.. GroupRelease.Validate(rules, group, StageWorld.Expectations(_world.Manifest)).Denials.Select(denial => denial.Code)];

    private string[] Denials(byte[] evidence)
    {
        try
        {
            return Codes(StageWorld.Rules("clinic-a"), _world.Verify(evidence));
        }
        catch (OrchestratorException e)
        {
            return [e.Code.Id];
        }
    }
}
