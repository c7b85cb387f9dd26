using Google.Protobuf;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Checkpoints;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Contracts.Releases;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Sessions;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tests.Runs;

public sealed class CheckpointTests
{
    private const int Epochs = 5;

    private static TestJob Job() => new(TestDevice.Firmware, content => content with
    {
        Plan = content.Plan with { Epochs = Epochs, Standardize = true },
        CheckpointEveryEpochs = 1,
        Withdrawal = WithdrawalRule.FinishEpoch,
    });

    [Fact]
    public async Task Run_ResumedFromAnyCheckpoint_DeliversTheSameModelAndAccountsForTheWhole()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        (VerifiedReceipt whole, byte[] model) = await FinishAsync(device);
        Assert.Equal([1, 2, 3, 4], device.Host.Checkpoints.Select(checkpoint => checkpoint.Counter));
        foreach (StoredCheckpoint checkpoint in device.Host.Checkpoints.ToArray())
        {
            device.Host.Resumed = checkpoint;
            (VerifiedReceipt resumed, byte[] again) = await FinishAsync(device);
            Assert.Equal(model, again);
            Assert.Equal(Epochs, resumed.Receipt.Epochs);
            Assert.Equal([checkpoint.Epoch, Epochs], resumed.Receipt.Sessions.Select(session => session.Epochs));
            Assert.Equal(whole.Receipt.Quote, resumed.Receipt.Sessions[0].Quote);
            Assert.Equal(whole.Receipt.Streams.Skip(1), resumed.Receipt.Streams.Skip(1));
            Assert.Equal(2 * whole.Receipt.Streams[0].Reads, resumed.Receipt.Streams[0].Reads);
        }
    }

    [Fact]
    public async Task Run_ResumedTwice_KeepsEveryEpochsMetrics()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await FinishAsync(device);
        device.Host.Resumed = device.Host.Checkpoints[0];
        await FinishAsync(device);
        device.Host.Resumed = device.Host.Checkpoints[^1];
        (VerifiedReceipt receipt, _) = await FinishAsync(device);
        Assert.Equal([1, 4, Epochs], receipt.Receipt.Sessions.Select(session => session.Epochs));
        string[] lines = System.Text.Encoding.UTF8.GetString(device.OpenOutput(receipt, "metrics")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([2, 4, Epochs], lines.Skip(1).Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("epoch").GetInt32()));
        Assert.All(lines, line => Assert.DoesNotContain("secret", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Checkpoint_IsStatedByTheDeviceThatWroteIt()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        byte[] evidence = await device.CommitAsync();
        await device.Host.RunAsync();
        StoredCheckpoint last = device.Host.Checkpoints[^1];
        CheckpointStatement statement = CheckpointStatement.Verify(last.Statement, device.Verify(evidence));
        Assert.Equal((last.Digest, 4, 4L), (statement.Claim.Digest, statement.Claim.Epoch, statement.Claim.Counter));
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        byte[] other = await device.QuoteAsync();
        ErrorAssert.Throws(ContractErrors.CheckpointStatementInvalid, () => CheckpointStatement.Verify(last.Statement, device.Verify(other)));
    }

    [Fact]
    public async Task Sessions_NeverSealUnderTheSameKey()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await FinishAsync(device);
        StoredCheckpoint first = device.Host.Checkpoints[0];
        for (int fork = 0; fork < 2; fork++)
        {
            device.Host.Resumed = first;
            await FinishAsync(device);
        }

        string[] commitments = [.. device.Host.Checkpoints.Select(checkpoint => Convert.ToHexString(checkpoint.Layout.Prologue.Bytes[^StreamLimits.CommitmentSize..].Span))];
        Assert.Equal(4 + 3 + 3, commitments.Distinct().Count());
    }

    [Fact]
    public async Task Load_CheckpointOfAnotherJob_IsRefused()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await FinishAsync(device);
        await using TestDevice other = await TestDevice.StartAsync(job: Job());
        other.Host.Resumed = device.Host.Checkpoints[0];
        await ErrorAssert.ThrowsAsync(ContractErrors.CheckpointForeign, other.QuoteAsync);
    }

    [Fact]
    public async Task Load_SomethingElseAsCheckpoint_IsRefused()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await FinishAsync(device);
        CheckpointOffer genuine = device.Host.Checkpoints[0].Offer();
        CheckpointOffer[] offers =
        [
            new(genuine) { Digest = ByteString.Empty },
            new(genuine) { Frames = 0 },
            new(genuine) { Frames = ResumePoint.MaxFrames + 1 },
            new(genuine) { Prologue = ByteString.Empty },
            new(genuine) { Prologue = ByteString.CopyFrom(device.Job.Inputs[2].Prologue) },
        ];
        foreach (CheckpointOffer offer in offers)
        {
            await device.Host.Mailbox.ResetAsync(new ResetRequest());
            await device.Host.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest());
            LoadRequest request = device.LoadRequest();
            request.Checkpoint = offer;
            await ErrorAssert.ThrowsAsync(ContractErrors.CheckpointForeign, async () => await device.Host.Mailbox.LoadAsync(request));
        }
    }

    [Fact]
    public async Task Load_CheckpointForAJobThatWritesNone_IsRefused()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await FinishAsync(device);
        await using TestDevice other = await TestDevice.StartAsync();
        other.Host.Resumed = device.Host.Checkpoints[0];
        await ErrorAssert.ThrowsAsync(ContractErrors.CheckpointForeign, other.QuoteAsync);
    }

    [Fact]
    public async Task Commit_OlderCheckpointThanAPartyAccepts_IsRefused()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await FinishAsync(device);
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        device.Host.Resumed = device.Host.Checkpoints[1];
        device.LeastCheckpoint = 3;
        await ErrorAssert.ThrowsAsync(DeviceErrors.CheckpointTooOld, device.CommitAsync);
        Assert.Equal(DeviceState.Staged, await device.StateAsync());
    }

    [Fact]
    public async Task Commit_FromTheBeginningAfterACheckpoint_IsRefused()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        device.LeastCheckpoint = 1;
        await ErrorAssert.ThrowsAsync(DeviceErrors.CheckpointTooOld, device.CommitAsync);
    }

    [Fact]
    public async Task Commit_WithoutOnePartysShare_DoesNotResume()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await FinishAsync(device);
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        device.Host.Resumed = device.Host.Checkpoints[1];
        device.Job.Shares["clinic-b"][0] ^= 1;
        await ErrorAssert.ThrowsAsync(DeviceErrors.CheckpointForged, device.CommitAsync);
    }

    [Fact]
    public async Task Run_CheckpointThatIsNotTheQuotedOne_EndsInASecurityException()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await FinishAsync(device);
        await FinishAsync(device);
        StoredCheckpoint quoted = device.Host.Checkpoints[1];

        // The last is genuine in every frame, but not what the parties were told.
        (StoredCheckpoint Claimed, StoredCheckpoint Served)[] lies =
            [(quoted, device.Host.Checkpoints[0]), (quoted, device.Host.Checkpoints[5]), (quoted, Flipped(quoted)), (Flipped(quoted), quoted)];
        foreach ((StoredCheckpoint claimed, StoredCheckpoint served) in lies)
        {
            await device.Host.Mailbox.ResetAsync(new ResetRequest());
            device.Host.Resumed = claimed;
            await device.CommitAsync();
            device.Host.Resumed = served;
            (byte[]? receipt, ErrorDetail? exception) = await device.Host.RunAsync();
            Assert.Null(receipt);
            Assert.Equal(DeviceErrors.CheckpointForged.Id, exception!.Code);
            Assert.Equal(DeviceState.Exception, await device.StateAsync());
        }
    }

    [Fact]
    public async Task Run_CheckpointFrameAlteredBehindItsHash_EndsInASecurityException()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await FinishAsync(device);
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        device.Host.Resumed = device.Host.Checkpoints[1];
        await device.CommitAsync();
        device.Host.Alter = (request, answer) =>
        {
            if (request.ReadFrame is { Stream: 0 })
            {
                byte[] altered = answer.Frame.Data.ToByteArray();
                altered[^1] ^= 1;
                answer.Frame.Data = ByteString.CopyFrom(altered);
            }

            return answer;
        };
        Assert.Equal(DeviceErrors.CheckpointForged.Id, (await device.Host.RunAsync()).Exception!.Code);
    }

    [Fact]
    public async Task Run_CheckpointFrameSealedAnewUnderAllPartiesShares_IsCaughtByTheDigest()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await FinishAsync(device);
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        StoredCheckpoint quoted = device.Host.Checkpoints[1];
        device.Host.Resumed = quoted;
        await device.CommitAsync();
        byte[] plaintext = Open(device, quoted);
        plaintext[^1] ^= 1;
        StoredCheckpoint forged = Sealed(device, quoted, plaintext);
        device.Host.Alter = (request, answer) =>
        {
            if (request.ReadFrame is { Stream: 0 } read)
            {
                answer.Frame.Data = ByteString.CopyFrom(forged.Frame((long)read.Index));
            }

            return answer;
        };
        Assert.Equal(DeviceErrors.CheckpointForged.Id, (await device.Host.RunAsync()).Exception!.Code);
    }

    public static TheoryData<string> OtherContents => [.. Contents.Keys];

    // What stands in the checkpoint instead of a device's account and the tiles' state.
    private static readonly Dictionary<string, (byte[] Plaintext, ErrorCode Code)> Contents = new()
    {
        ["nothing"] = ([], DeviceErrors.CheckpointForged),
        ["half a length"] = ([0, 0, 0], DeviceErrors.CheckpointForged),
        ["a length beyond all accounts"] = ([255, 255, 255, 255, 1, 2, 3], DeviceErrors.CheckpointForged),
        ["less than the length says"] = ([0, 0, 0, 100, 0xA0], DeviceErrors.CheckpointForged),
        ["an account that is none"] = ([0, 0, 0, 1, 0xA0, 1, 2, 3], CborErrors.MissingField),
        ["figures that are no map"] = (Account(("epoch", 1), ("step", 1), ("values", 1)), CborErrors.OutOfRange),
    };

    [Theory]
    [MemberData(nameof(OtherContents))]
    public async Task Run_CheckpointOfAllPartiesThatHoldsSomethingElse_Ends(string contents)
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await FinishAsync(device);
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        device.Host.Resumed = Sealed(device, device.Host.Checkpoints[1], Contents[contents].Plaintext);
        await device.CommitAsync();
        (byte[]? receipt, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.Null(receipt);
        Assert.Equal(Contents[contents].Code.Id, exception!.Code);
    }

    [Fact]
    public async Task Run_TilesHandOutAStateWhereNoneIsDue_Ends()
    {
        var tiles = new FakeTiles { Alter = message => message is TileMessage.Output output ? new TileMessage.Checkpoint(output.Last, output.Chunk) : message };
        await using TestDevice device = await TestDevice.StartAsync(tiles, job: Job());
        await device.CommitAsync();
        Assert.Equal(TileErrors.MessageUnexpected.Id, (await device.Host.RunAsync()).Exception!.Code);
    }

    [Fact]
    public async Task Withdrawal_SignedByAParty_FinishesTheEpochAndStandsInTheReceipt()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        await device.CommitAsync();
        VerifiedWithdrawal withdrawal = Withdrawal.Sign(device.Job.Manifest, "clinic-b", device.Job.Keys["clinic-b"].Signing);
        device.Host.Interject = (request, _) => request.ReadFrame is { Stream: 2 } && device.Host.Progress.Count == 1 ? Finish(withdrawal.Bytes) : null;
        (byte[]? bytes, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.True(bytes is not null, exception?.ToString());
        VerifiedReceipt receipt = device.VerifyReceipt(bytes);
        Assert.Equal("clinic-b", Assert.Single(receipt.Receipt.Withdrawals).Party);
        Assert.InRange(receipt.Receipt.Epochs, 2, Epochs - 1);
        device.OpenOutput(receipt, "model");
    }

    [Fact]
    public async Task Withdrawal_ThatNoPartySigned_EndsInAnException()
    {
        await using TestDevice device = await TestDevice.StartAsync(job: Job());
        byte[] approval = device.Job.Approvals.First().ToArray();
        device.Host.Interject = (request, _) => request.ReadFrame is { Stream: 2 } ? Finish(approval) : null;
        await device.CommitAsync();
        Assert.Equal(ContractErrors.WithdrawalInvalid.Id, (await device.Host.RunAsync()).Exception!.Code);
    }

    [Fact]
    public async Task Withdrawal_WhereTheManifestEndsTheJobAtOnce_IsNotFinished()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        VerifiedWithdrawal withdrawal = Withdrawal.Sign(device.Job.Manifest, "clinic-b", device.Job.Keys["clinic-b"].Signing);
        device.Host.Interject = (request, _) => request.ReadFrame is { Stream: 2 } ? Finish(withdrawal.Bytes) : null;
        Assert.Equal(DeviceErrors.TransferUnexpected.Id, (await device.Host.RunAsync()).Exception!.Code);
    }

    private static HostTransfer Finish(ReadOnlyMemory<byte> withdrawal) => new() { FinishEpoch = new FinishEpoch { Withdrawal = ByteString.CopyFrom(withdrawal.Span) } };

    private static byte[] Account(params (string Key, CborValue? Value)[] epoch)
    {
        byte[] encoding = CborMap.Of(("sessions", new CborArray([])), ("streams", new CborArray([])), ("metrics", new CborArray([CborMap.Of(epoch)]))).Encode();
        return [0, 0, 0, (byte)encoding.Length, .. encoding, 1, 2, 3];
    }

    // What only all parties together can do.
    private static StreamKey KeyOf(TestDevice device, StoredCheckpoint checkpoint) => CheckpointKey.Derive(
        [.. device.Job.Manifest.Content.Parties.Select(party => CheckpointShare.Import(device.Job.Shares[party.Name]))],
        CheckpointHeader.Read(checkpoint.Layout.Header, device.Job.Manifest));

    private static byte[] Open(TestDevice device, StoredCheckpoint checkpoint)
    {
        using StreamKey key = KeyOf(device, checkpoint);
        using StreamOpener opener = StreamOpener.OpenPinned(new MemoryStream(checkpoint.Bytes), key, checkpoint.Digest);
        using var plaintext = new MemoryStream();
        opener.CopyTo(plaintext);
        return plaintext.ToArray();
    }

    private static StoredCheckpoint Sealed(TestDevice device, StoredCheckpoint genuine, byte[] plaintext)
    {
        using StreamKey key = KeyOf(device, genuine);
        using var bytes = new MemoryStream();
        using (var sealer = new StreamSealer(bytes, key, genuine.Layout.Header))
        {
            sealer.Write(plaintext);
            sealer.Finish();
        }

        return new StoredCheckpoint(genuine.Counter, genuine.Epoch, bytes.ToArray(), genuine.Statement);
    }

    private static StoredCheckpoint Flipped(StoredCheckpoint genuine)
    {
        byte[] altered = [.. genuine.Bytes];
        altered[^1] ^= 1;
        return genuine with { Bytes = altered };
    }

    private static async Task<(VerifiedReceipt Receipt, byte[] Model)> FinishAsync(TestDevice device)
    {
        await device.Host.Mailbox.ResetAsync(new ResetRequest());
        await device.CommitAsync();
        device.Host.Outputs.Clear();
        (byte[]? bytes, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.True(bytes is not null, exception?.ToString());
        VerifiedReceipt receipt = device.VerifyReceipt(bytes);
        return (receipt, device.OpenOutput(receipt, "model"));
    }
}
