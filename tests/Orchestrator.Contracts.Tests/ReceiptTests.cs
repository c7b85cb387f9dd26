using System.Collections.Immutable;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Tests;

public sealed class ReceiptTests
{
    private readonly Session _session = new();

    [Fact]
    public void Verify_OfADevicesReceipt_GivesWhatItStates()
    {
        VerifiedReceipt verified = Verify(Sign(Honest()));

        Assert.Equal(_session.Manifest.Digest, verified.Receipt.Manifest.Digest);
        Assert.Equal("model", verified.RequireOutput("model", Digest.Of("model"u8)).Name);
    }

    [Fact]
    public void Verify_OfAnyFlippedByte_IsRefused()
    {
        byte[] receipt = Sign(Honest());
        for (int i = 0; i < receipt.Length; i += 7)
        {
            byte[] altered = [.. receipt];
            altered[i] ^= 0x01;
            Assert.Throws<OrchestratorException>(() => Verify(altered));
        }
    }

    [Fact]
    public void RequireContent_KnowsEachOutputByItsKindAndNothingElse()
    {
        VerifiedReceipt receipt = Verify(Sign(Honest()));

        Assert.Equal("model", receipt.RequireContent(OutputKind.Model, Digest.Of("content of model"u8)).Name);
        Assert.Equal("metrics", receipt.RequireContent(OutputKind.Metrics, Digest.Of("content of metrics"u8)).Name);
        AssertUnknown(OutputKind.Model, Digest.Of("another"u8));
        AssertUnknown(OutputKind.Model, Digest.Of("content of metrics"u8));

        void AssertUnknown(OutputKind kind, Digest content) => Assert.Equal(
            ContractErrors.ReceiptOutput.Id, Assert.Throws<OrchestratorException>(() => receipt.RequireContent(kind, content)).Code.Id);
    }

    [Fact]
    public void RequireOutput_OfAnotherFile_IsRefused() => Assert.Equal(
        ContractErrors.ReceiptOutput.Id,
        Assert.Throws<OrchestratorException>(() => Verify(Sign(Honest())).RequireOutput("model", Digest.Of("another"u8))).Code.Id);

    [Fact]
    public void Verify_OfAStatementByAnotherDevice_IsRefused()
    {
        using var key = TestVendor.NewKey();
        AssertInvalid(Honest().Sign(key, _session.Evidence.Bytes));
    }

    [Fact]
    public void Verify_WithEvidenceOfAnotherSessionOfTheSameDevice_IsRefused()
    {
        var other = QuoteMaker.Make(_session.Vendor, quote => quote with { Manifest = _session.Manifest.Digest, BootCounter = 9 });
        AssertInvalid(Honest().Sign(_session.Vendor.Alias, other.Bytes));
    }

    public static TheoryData<string> Lies => [.. Falsifications.Keys];

    [Theory]
    [MemberData(nameof(Lies))]
    public void Verify_OfAReceiptThatContradictsItsManifest_IsRefused(string lie) => AssertInvalid(Sign(Falsifications[lie](Honest())));

    [Fact]
    public void Verify_OfAReceiptWithAWithdrawalThatEndsTheJobWithoutAResult_IsRefused() => AssertInvalid(Sign(
        Honest() with { Withdrawals = [Withdrawal.Sign(_session.Manifest, "lab", _session.Job.SigningKeyOf("lab"))] }));

    private static readonly Dictionary<string, Func<Receipt, Receipt>> Falsifications = new(StringComparer.Ordinal)
    {
        ["stream left out"] = receipt => receipt with { Streams = receipt.Streams.RemoveAt(1) },
        ["stream not read to its end"] = receipt => receipt with { Streams = receipt.Streams.SetItem(1, receipt.Streams[1] with { Frames = 0 }) },
        ["session left out"] = receipt => receipt with { Sessions = [] },
        ["session of another quote"] = receipt => receipt with { Sessions = [new ReceiptSession(Digest.Of("other"u8), receipt.Epochs)] },
        ["earlier session that the quote does not know"] = receipt => receipt with { Sessions = receipt.Sessions.Insert(0, new ReceiptSession(Digest.Of("other"u8), 1)) },
        ["training that ended early for no reason"] = receipt => receipt with { Epochs = 1, Sessions = [new ReceiptSession(receipt.Quote, 1)] },
        ["no epoch"] = receipt => receipt with { Epochs = 0 },
        ["more epochs than planned"] = receipt => receipt with { Epochs = 6 },
        ["output left out"] = receipt => receipt with { Outputs = receipt.Outputs.RemoveAt(0) },
        ["metrics passed off as a model"] = receipt => receipt with { Outputs = receipt.Outputs.SetItem(0, receipt.Outputs[0] with { Kind = OutputKind.Model }) },
        ["output for nobody"] = receipt => receipt with { Outputs = receipt.Outputs.SetItem(0, receipt.Outputs[0] with { Keys = receipt.Outputs[0].Keys.Clear() }) },
        ["output for somebody else"] = receipt => receipt with
        {
            Outputs = receipt.Outputs.SetItem(0, receipt.Outputs[0] with { Keys = receipt.Outputs[0].Keys.Add("clinic-a", receipt.Outputs[0].Keys["lab"]) }),
        },
        ["manifest that was not attested"] = receipt =>
        {
            var other = new SampleJob(TestVendor.Firmware);
            return receipt with { Manifest = other.Manifest, Approvals = ApprovalsOf(other) };
        },
    };

    [Fact]
    public void Verify_OfADeviceThatTheManifestDoesNotAccept_IsRefused()
    {
        ManifestContent accepting = _session.Job.Content;
        AssertRefused(accepting.Device with { MinimumSecurityVersion = 1000 }, "below the manifest's 1000");
        AssertRefused(accepting.Device with { Firmware = [TestVendor.Firmware with { Ccu = Measurement.Of([9]) }] }, "ran firmware that the manifest does not accept");

        void AssertRefused(DeviceRequirements device, string finding)
        {
            var manifest = Manifest.Create(accepting with { Device = device });
            Evidence evidence = QuoteMaker.Make(_session.Vendor, quote => quote with { Manifest = manifest.Digest });
            Receipt receipt = Honest() with
            {
                Manifest = manifest,
                Quote = evidence.Digest,
                Sessions = [new ReceiptSession(evidence.Digest, 5)],
                Approvals = [.. accepting.Parties.Select(party => Approval.Sign(manifest, party.Name, _session.Job.SigningKeyOf(party.Name)))],
            };
            AssertInvalid(receipt.Sign(_session.Vendor.Alias, evidence.Bytes), finding);
        }
    }

    [Fact]
    public void Verify_OfAnImpossibleNumberOfEpochs_OrOtherStreams_SaysSo()
    {
        AssertInvalid(Sign(Ended(6)), "number of epochs");
        AssertInvalid(Sign(Honest() with { Streams = Honest().Streams.RemoveAt(3) }), "streams are not the manifest's");

        Receipt Ended(int epochs) => Honest() with { Epochs = epochs, Sessions = [new ReceiptSession(_session.Evidence.Digest, epochs)] };
    }

    [Fact]
    public void Verify_OfAStatementLargerThanOtherObjects_ReadsIt()
    {
        byte[] large = CoseSign1.Sign(_session.Vendor.Alias, Receipt.ContentType, "device"u8.ToArray(), [], new CborBytes(new byte[8 << 20]).Encode());
        byte[] receipt = new CborArray(_session.Evidence.Bytes, large).Encode();

        Assert.Equal(CborErrors.WrongType.Id, Assert.Throws<OrchestratorException>(() => Verify(receipt)).Code.Id);
    }

    [Fact]
    public void Verify_WithAnApprovalMissing_IsRefused() => Assert.Equal(
        ContractErrors.ApprovalMissing.Id,
        Assert.Throws<OrchestratorException>(() => Verify(Sign(Honest() with { Approvals = Honest().Approvals.RemoveAt(0) }))).Code.Id);

    [Fact]
    public void TryOpen_OfAnOutputKey_WorksForItsReceiverAlone()
    {
        using var key = StreamKey.Import(Digest.Of("key"u8).ToArray());
        HpkePrivateKey lab = _session.Job.SealingKeyOf("lab");
        byte[] grant = OutputKey.Seal(key, lab.PublicKey, _session.Manifest.Digest, "model", "lab");

        Assert.True(OutputKey.TryOpen(grant, lab, _session.Manifest.Digest, "model", "lab", out StreamKey? opened));
        opened.Dispose();
        Assert.False(OutputKey.TryOpen(grant, lab, _session.Manifest.Digest, "metrics", "lab", out _));
        Assert.False(OutputKey.TryOpen(grant, lab, Digest.Of("other"u8), "model", "lab", out _));
        Assert.False(OutputKey.TryOpen(grant, lab, _session.Manifest.Digest, "model", "clinic-a", out _));
        Assert.False(OutputKey.TryOpen(grant, _session.Job.SealingKeyOf("clinic-a"), _session.Manifest.Digest, "model", "lab", out _));
    }

    private Receipt Honest() => new()
    {
        Manifest = _session.Manifest,
        Quote = _session.Evidence.Digest,
        Approvals = ApprovalsOf(_session.Job),
        Streams = [.. _session.Manifest.Content.Streams.Select(stream => new ConsumedStream(stream.Id, stream.Frames, stream.Frames * 5))],
        Epochs = 5,
        Sessions = [new ReceiptSession(_session.Evidence.Digest, 5)],
        Outputs = [Output("metrics", OutputKind.Metrics), Output("model", OutputKind.Model)],
    };

    private static ImmutableArray<VerifiedApproval> ApprovalsOf(SampleJob job) =>
        [.. job.Content.Parties.Select(party => Approval.Sign(job.Manifest, party.Name, job.SigningKeyOf(party.Name)))];

    private ReceiptOutput Output(string name, OutputKind kind)
    {
        using var key = StreamKey.Generate();
        ReadOnlyMemory<byte> grant = OutputKey.Seal(key, _session.Job.SealingKeyOf("lab").PublicKey, _session.Manifest.Digest, name, "lab");
        return new ReceiptOutput(
            name,
            kind,
            Digest.Of(System.Text.Encoding.UTF8.GetBytes(name)),
            Digest.Of(System.Text.Encoding.UTF8.GetBytes($"content of {name}")),
            ImmutableSortedDictionary.Create<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal).Add("lab", grant));
    }

    private byte[] Sign(Receipt receipt) => receipt.Sign(_session.Vendor.Alias, _session.Evidence.Bytes);

    private VerifiedReceipt Verify(byte[] receipt) => new ReceiptVerifier(QuoteMaker.Verifier(_session.Vendor)).Verify(receipt);

    private void AssertInvalid(byte[] receipt, string finding = "")
    {
        var refusal = Assert.Throws<OrchestratorException>(() => Verify(receipt));

        Assert.Equal(ContractErrors.ReceiptInvalid.Id, refusal.Code.Id);
        Assert.Contains(finding, refusal.Message, StringComparison.Ordinal);
    }
}
