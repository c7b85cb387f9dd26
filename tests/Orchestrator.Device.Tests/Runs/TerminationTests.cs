using System.Security.Cryptography;
using Orchestrator.Contracts.Checkpoints;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Contracts.Releases;
using Orchestrator.Crypto.Streams;
using Orchestrator.Device.Tests.Support;

namespace Orchestrator.Device.Tests.Runs;

/// <summary>What is left in the controller's memory when a job has ended, whichever way: nothing, as one sees who may read all of it.</summary>
public sealed class TerminationTests
{
    private const int RecordPrefix = 32;
    private const int RecordSize = (30 * sizeof(float)) + sizeof(long);

    public enum End
    {
        Success,
        ForgedFrame,
        Reset,
        HostGone,
    }

    [Theory]
    [InlineData(End.Success, true)]
    [InlineData(End.Success, false)]
    [InlineData(End.ForgedFrame, true)]
    [InlineData(End.ForgedFrame, false)]
    [InlineData(End.Reset, true)]
    [InlineData(End.HostGone, true)]
    public async Task End_OfAnyKind_LeavesNoKeyAndNoRecordInMemory(End end, bool sharesMemory)
    {
        await using TestDevice device = await TestDevice.StartProcessAsync(Job(), sharesMemory);
        byte[] evidence = await device.CommitAsync();
        Dictionary<string, byte[]> secrets = Secrets(device, evidence);
        IReadOnlyList<string> during = [];
        byte[]? sessionKey = null;
        using var gone = new CancellationTokenSource();
        Task reset = Task.CompletedTask;
        bool over = false;
        device.Host.Alter = (request, answer) =>
        {
            // The tiles have asked, and take nothing from here on.
            if (!over && request.ReadFrame is { Stream: 2, Index: 0 })
            {
                device.Process.SignalTiles("STOP");
            }

            // Its context was the first frame's, which so is in the tiles' memory now.
            if (over || request.ReadFrame is not { Stream: 2, Index: 2 })
            {
                return answer;
            }

            over = true;
            during = device.Process.Memory.Find(secrets);
            sessionKey = device.Process.Memory.FindPrivateKey(device.Verify(evidence).Claims.SessionKey);
            device.Process.SignalTiles("CONT");
            switch (end)
            {
                case End.ForgedFrame:
                    answer.Frame.Data = Google.Protobuf.ByteString.CopyFrom([.. answer.Frame.Data.Span[..^1], (byte)(answer.Frame.Data[^1] ^ 1)]);
                    return answer;
                case End.Reset:
                    reset = device.Host.Mailbox.ResetAsync(new ResetRequest()).ResponseAsync;
                    return null;
                case End.HostGone:
                    gone.Cancel();
                    return null;
                default:
                    return answer;
            }
        };

        byte[]? receipt = await RunAsync(device, gone.Token);
        await reset;
        DeviceState state = await EndedAsync(device);

        Assert.Equal(end switch { End.Success => DeviceState.Finished, End.Reset => DeviceState.Idle, _ => DeviceState.Exception }, state);
        Assert.Equal(["frame key", "record", "share", "stream key"], during.Select(found => found[..found.IndexOf(" of ", StringComparison.Ordinal)]).Distinct());
        Assert.NotNull(sessionKey);
        secrets.Add("session key of the device", sessionKey);
        if (receipt is not null)
        {
            AddOutputs(secrets, device, device.VerifyReceipt(receipt));
        }

        Assert.Empty(device.Process.Memory.Find(secrets));
    }

    private static async Task<byte[]?> RunAsync(TestDevice device, CancellationToken gone)
    {
        try
        {
            (byte[]? receipt, ErrorDetail? exception) = await device.Host.RunAsync(gone);
            Assert.True(receipt is not null ^ exception is not null);
            return receipt;
        }
        catch (Exception) when (gone.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<DeviceState> EndedAsync(TestDevice device)
    {
        DeviceState state;
        while ((state = await device.StateAsync()) == DeviceState.Running)
        {
            await Task.Yield();
        }

        return state;
    }

    private static Dictionary<string, byte[]> Secrets(TestDevice device, byte[] evidence)
    {
        var secrets = new Dictionary<string, byte[]>();
        foreach ((int id, SealedInput input) in device.Job.Inputs)
        {
            byte[] key = Export(input.Key);
            secrets.Add($"stream key of stream {id}", key);
            secrets.Add($"frame key of stream {id}", FrameKey(key, input.Layout.Header));
            for (int record = 0; id > 1 && record < input.Layout.RecordCount; record++)
            {
                secrets.Add($"record of stream {id}, number {record}", input.Plaintext.AsSpan(record * RecordSize, RecordPrefix).ToArray());
            }
        }

        foreach ((string party, byte[] share) in device.Job.Shares)
        {
            secrets.Add($"share of {party}", share);
        }

        CheckpointShare[] shares = [.. device.Job.Manifest.Content.Parties.Select(party => CheckpointShare.Import(device.Job.Shares[party.Name]))];
        for (int number = 1; number < device.Job.Manifest.Content.Plan.Epochs; number++)
        {
            var checkpoint = new CheckpointHeader(device.Job.Manifest.Digest, device.Verify(evidence).Claims.Session, number, number);
            using StreamKey key = CheckpointKey.Derive(shares, checkpoint);
            secrets.Add($"stream key of checkpoint {number}", Export(key));
        }

        return secrets;
    }

    // Keys, and 32 bytes of every KiB of the model: weights, mostly.
    private static void AddOutputs(Dictionary<string, byte[]> secrets, TestDevice device, VerifiedReceipt receipt)
    {
        foreach (ReceiptOutput output in receipt.Receipt.Outputs)
        {
            Assert.True(OutputKey.TryOpen(output.Keys["lab"].Span, device.Job.Keys["lab"].Sealing, device.Job.Manifest.Digest, output.Name, "lab", out StreamKey? key));
            using (key)
            {
                device.Host.Outputs[output.Name].Position = 0;
                secrets.Add($"stream key of output {output.Name}", Export(key));
                secrets.Add($"frame key of output {output.Name}", FrameKey(Export(key), StreamLayout.Read(device.Host.Outputs[output.Name]).Header));
            }
        }

        byte[] model = device.OpenOutput(receipt, "model");
        for (int at = 1024; at + RecordPrefix <= model.Length; at += 1024)
        {
            secrets.Add($"bytes of the model at {at}", model.AsSpan(at, RecordPrefix).ToArray());
        }
    }

    private static byte[] Export(StreamKey key)
    {
        byte[] bytes = new byte[StreamKey.Size];
        key.Export(bytes);
        return bytes;
    }

    // docs/spec/sealed-stream.md.
    private static byte[] FrameKey(byte[] key, StreamHeader header) =>
        HMACSHA512.HashData(key, (byte[])[.. "orchestrator/stream/v1"u8, .. header.Salt.Span, .. SHA256.HashData(header.Encode()), 1])[..32];

    private static TestJob Job() => new(
        TestDevice.Firmware,
        content => content with { Plan = content.Plan with { Standardize = true }, CheckpointEveryEpochs = 1 },
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "wdbc_mlp.pt")),
        recordsOfA: 40,
        features: 30);
}
