using Google.Protobuf;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto.Streams;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tests.Runs;

public sealed class SecurityExceptionTests
{
    private const uint ClinicA = 2;

    /// <summary>Every attack over both transports.</summary>
    public static TheoryData<string, bool> Attacks => [.. Answers.Keys.SelectMany(attack => new[] { (attack, false), (attack, true) })];

    // What a hostile host answers to one read, and how the device calls that.
    private static readonly Dictionary<string, (Func<TestDevice, DeviceTransfer, HostTransfer, HostTransfer> Alter, ErrorCode Code)> Answers = new()
    {
        ["flipped IV"] = (OfFrame(1, frame => Flip(frame, 3)), DeviceErrors.FrameForged),
        ["flipped IV padding"] = (OfFrame(1, frame => Flip(frame, 13)), DeviceErrors.FrameForged),
        ["flipped ciphertext"] = (OfFrame(1, frame => Flip(frame, 100)), DeviceErrors.FrameForged),
        ["flipped tag"] = (OfFrame(1, frame => Flip(frame, frame.Length - 1)), DeviceErrors.FrameForged),
        ["truncated frame"] = (OfFrame(1, frame => frame[..^1]), DeviceErrors.FrameForged),
        ["extended frame"] = (OfFrame(1, frame => [.. frame, 0]), DeviceErrors.FrameForged),
        ["empty frame"] = (OfFrame(1, _ => []), DeviceErrors.FrameForged),
        ["genuine frame in the wrong place"] = ((device, request, answer) => IsFrame(request, ClinicA, 1) ? Frame(device, ClinicA, 0, 1) : answer, DeviceErrors.FrameMisplaced),
        ["last frame early"] = ((device, request, answer) => IsFrame(request, ClinicA, 0) ? Frame(device, ClinicA, 2, 0) : answer, DeviceErrors.FrameMisplaced),
        ["frame of another party"] = ((device, request, answer) => IsFrame(request, ClinicA, 0) ? Frame(device, 3, 0, 0, ClinicA) : answer, DeviceErrors.FrameForged),
        ["prologue of another party"] = ((device, request, answer) => request.ReadPrologue?.Stream == ClinicA
            ? new HostTransfer { Prologue = new Prologue { Stream = ClinicA, Data = ByteString.CopyFrom(device.Job.Inputs[3].Prologue) } } : answer, DeviceErrors.StreamSubstituted),
        ["flipped prologue"] = ((_, _, answer) => answer.Prologue?.Stream == ClinicA
            ? new HostTransfer { Prologue = new Prologue { Stream = ClinicA, Data = ByteString.CopyFrom(Flip(answer.Prologue.Data.ToByteArray(), 20)) } } : answer, DeviceErrors.StreamSubstituted),
        ["empty prologue"] = ((_, _, answer) => answer.Prologue is null ? answer : new HostTransfer { Prologue = new Prologue { Stream = answer.Prologue.Stream } }, DeviceErrors.StreamSubstituted),
        ["flipped leaf"] = ((_, _, answer) => answer.Leaves?.Stream == ClinicA
            ? new HostTransfer { Leaves = new Leaves { Stream = ClinicA, Hashes = ByteString.CopyFrom(Flip(answer.Leaves.Hashes.ToByteArray(), 40)) } } : answer, DeviceErrors.StreamSubstituted),
        ["too few leaves"] = ((_, _, answer) => answer.Leaves?.Stream == ClinicA
            ? new HostTransfer { Leaves = new Leaves { Stream = ClinicA, Hashes = ByteString.CopyFrom(answer.Leaves.Hashes.Span[..^32]) } } : answer, DeviceErrors.TransferUnexpected),
        ["leaves of a swapped stream"] = ((device, request, answer) => request.ReadLeaves?.Stream == 3
            ? device.Host.Answer(new DeviceTransfer { ReadLeaves = new ReadLeaves { Stream = ClinicA, Count = 2 } }) is { } leaves
                ? new HostTransfer { Leaves = new Leaves { Stream = 3, Hashes = leaves.Leaves.Hashes } } : answer
            : answer, DeviceErrors.StreamSubstituted),
        ["frame that nobody asked for"] = ((device, request, answer) => IsFrame(request, ClinicA, 0) ? Frame(device, ClinicA, 2, 2) : answer, DeviceErrors.TransferUnexpected),
        ["prologue instead of a frame"] = ((_, request, answer) => IsFrame(request, ClinicA, 0) ? new HostTransfer { Prologue = new Prologue { Stream = ClinicA } } : answer, DeviceErrors.TransferUnexpected),
        ["second start"] = ((_, request, answer) => IsFrame(request, ClinicA, 0) ? new HostTransfer { Start = new StartRun() } : answer, DeviceErrors.TransferUnexpected),
        ["nothing in the message"] = ((_, request, answer) => IsFrame(request, ClinicA, 0) ? new HostTransfer() : answer, DeviceErrors.TransferUnexpected),
        ["stream number out of range"] = ((_, request, answer) => IsFrame(request, ClinicA, 0) ? new HostTransfer { Frame = new Frame { Stream = uint.MaxValue, Index = ulong.MaxValue } } : answer, DeviceErrors.TransferUnexpected),
        ["frame not to be had"] = ((_, request, answer) => IsFrame(request, ClinicA, 1) ? new HostTransfer { Unavailable = new Unavailable { Stream = ClinicA, Index = 1 } } : answer, DeviceErrors.DataUnavailable),
        ["cancellation"] = ((_, request, answer) => IsFrame(request, ClinicA, 1) ? new HostTransfer { Cancel = new CancelRun() } : answer, DeviceErrors.RunCancelled),
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Run_HostileAnswer_EndsInExceptionAndReleasesNothing(string attack, bool sharesMemory)
    {
        var tiles = new FakeTiles();
        await using TestDevice device = await TestDevice.StartAsync(tiles, sharesMemory: sharesMemory);
        await device.CommitAsync();
        device.Host.Alter = (request, answer) => Answers[attack].Alter(device, request, answer);
        (byte[]? receipt, ErrorDetail? exception) = await device.Host.RunAsync();

        Assert.Null(receipt);
        Assert.Equal(Answers[attack].Code.Id, exception!.Code);
        DeviceStatus status = await device.Host.Mailbox.StatusAsync(new StatusRequest());
        Assert.Equal(DeviceState.Exception, status.State);
        Assert.Equal(exception.Code, status.Exception.Code);
        Assert.Empty(status.Staged);
        Assert.Equal(0, tiles.Alive);
    }

    [Fact]
    public async Task Run_ForgedFrame_IsNamed()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        device.Host.Alter = (_, answer) => answer.Frame is { Stream: ClinicA, Index: 1 } frame
            ? new HostTransfer { Frame = new Frame { Stream = ClinicA, Index = 1, Data = ByteString.CopyFrom(Flip(frame.Data.ToByteArray(), 100)) } } : answer;
        (_, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.Contains("Frame 1 of stream 2", exception!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public async Task Run_FrameReplacedInALaterEpoch_IsCaughtThere(int read, bool sharesMemory)
    {
        await using TestDevice device = await TestDevice.StartAsync(sharesMemory: sharesMemory);
        await device.CommitAsync();
        int reads = 0;
        device.Host.Alter = (_, answer) => answer.Frame is { Stream: ClinicA, Index: 0 } frame && ++reads == read
            ? new HostTransfer { Frame = new Frame { Stream = ClinicA, Data = ByteString.CopyFrom(Flip(frame.Data.ToByteArray(), 100)) } } : answer;
        (_, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.Equal(DeviceErrors.FrameForged.Id, exception!.Code);

        // Frames are read ahead: the next epoch's may be under way when this one is judged, but not the one after.
        Assert.InRange(reads, read, read + 1);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    [InlineData(3, true)]
    public async Task Run_OwnerResealsAFrameUnderItsKey_IsCaughtByTheDigest(int read, bool sharesMemory)
    {
        // The owner's accomplice at the host has a frame that is genuine under the key, and not the one that all signed. It stays with
        // it: the genuine one, at a later read, would give it away.
        await using TestDevice device = await TestDevice.StartAsync(sharesMemory: sharesMemory);
        await device.CommitAsync();
        SealedInput genuine = device.Job.Inputs[(int)ClinicA];
        byte[] other = new byte[TestJob.RecordsPerFrame * TestJob.RecordSize + StreamLimits.FrameOverhead];
        using (var sealer = new FrameSealer(genuine.Key, genuine.Layout.Header))
        {
            sealer.Seal(new byte[TestJob.RecordsPerFrame * TestJob.RecordSize], other);
        }

        int reads = 0;
        device.Host.Alter = (_, answer) => answer.Frame is { Stream: ClinicA, Index: 0 } && ++reads >= read
            ? new HostTransfer { Frame = new Frame { Stream = ClinicA, Data = ByteString.CopyFrom(other) } } : answer;
        (byte[]? receipt, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.Null(receipt);
        Assert.Equal(DeviceErrors.FrameSubstituted.Id, exception!.Code);
    }

    [Fact]
    public async Task Run_KeyOfAnotherStream_IsAMismatchNamingTheOwner()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        byte[] evidence = await device.QuoteAsync();
        foreach (string party in device.Job.Keys.Keys)
        {
            using var wrong = StreamKey.Generate();
            IReadOnlyDictionary<int, StreamKey> keys = party == "clinic-b" ? new Dictionary<int, StreamKey> { [3] = wrong } : device.Job.StreamKeysOf(party);
            await device.Host.Mailbox.StageAsync(new StageRequest { Party = party, SealedPackage = ByteString.CopyFrom(device.Package(party, evidence, keys)) });
        }

        await device.Host.Mailbox.CommitAsync(new CommitRequest());
        (_, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.Equal(DeviceErrors.StreamMismatch.Id, exception!.Code);
        Assert.Contains("clinic-b", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ProgramWithAnotherDigest_NeverStarts()
    {
        var tiles = new FakeTiles();
        var job = new TestJob(TestDevice.Firmware, content => content with { ProgramDigest = Crypto.Digest.Of("another"u8) });
        await using TestDevice device = await TestDevice.StartAsync(tiles, job: job);
        await device.CommitAsync();
        (_, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.Equal(DeviceErrors.ProgramSubstituted.Id, exception!.Code);
        Assert.Empty(tiles.Delivered);
    }

    private static Func<TestDevice, DeviceTransfer, HostTransfer, HostTransfer> OfFrame(ulong index, Func<byte[], byte[]> alter) => (_, request, answer) =>
        IsFrame(request, ClinicA, index)
            ? new HostTransfer { Frame = new Frame { Stream = ClinicA, Index = index, Data = ByteString.CopyFrom(alter(answer.Frame.Data.ToByteArray())) } }
            : answer;

    private static bool IsFrame(DeviceTransfer request, uint stream, ulong index) => request.ReadFrame is { } read && read.Stream == stream && read.Index == index;

    private static HostTransfer Frame(TestDevice device, uint from, ulong index, ulong claimed, uint? stream = null)
    {
        Frame frame = device.Host.FrameOf(from, index);
        return new HostTransfer { Frame = new Frame { Stream = stream ?? from, Index = claimed, Data = frame.Data } };
    }

    private static byte[] Flip(byte[] data, int index)
    {
        data[index] ^= 1;
        return data;
    }
}
