using Google.Protobuf;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tests.Runs;

/// <summary>An owner who sealed another stream than the manifest describes, under the digest that the manifest pins.</summary>
public sealed class MisdescribedStreamTests
{
    private const int ClinicA = 2;
    private const int FrameSize = TestJob.RecordsPerFrame * TestJob.RecordSize;

    // All have the three frames that the manifest says.
    private static readonly Dictionary<string, Func<byte[], SealedInput>> Sealings = new()
    {
        ["as a program"] = plaintext => new SealedInput(StreamKind.Program, "clinic-a", plaintext, TestJob.RecordSize, FrameSize),
        ["in smaller records"] = plaintext => new SealedInput(StreamKind.Data, "clinic-a", plaintext, TestJob.RecordSize / 2, FrameSize),
        ["in larger frames"] = plaintext => new SealedInput(StreamKind.Data, "clinic-a", plaintext, TestJob.RecordSize, 5 * TestJob.RecordSize),
        ["for another run"] = plaintext => new SealedInput(StreamKind.Data, "clinic-a", plaintext, TestJob.RecordSize, FrameSize, run: 1),
    };

    public static TheoryData<string> Others => [.. Sealings.Keys];

    [Theory]
    [MemberData(nameof(Others))]
    public async Task Run_StreamSealedOtherwise_IsAMismatch(string how)
    {
        SealedInput other = Sealings[how](new TestJob(TestDevice.Firmware).Inputs[ClinicA].Plaintext);
        TestJob job = JobPinning(other.Digest);
        job.Inputs[ClinicA] = other;
        Assert.Equal(DeviceErrors.StreamMismatch.Id, await EndAsync(job));
    }

    [Fact]
    public async Task Run_BytesThatAreNoHeader_AreAMismatch()
    {
        byte[] prologue = [1, 2, 3];
        SealedInput genuine = new TestJob(TestDevice.Firmware).Inputs[ClinicA];
        var tree = new MerkleAccumulator();
        tree.Append(MerkleTree.LeafHash(prologue));
        for (long index = 0; index < genuine.Layout.FrameCount; index++)
        {
            tree.Append(MerkleTree.LeafHash(genuine.Frame(index)));
        }

        TestJob job = JobPinning(tree.Root());
        job.Inputs[ClinicA] = genuine;
        Assert.Equal(DeviceErrors.StreamMismatch.Id, await EndAsync(job, (_, answer) => answer.Prologue?.Stream == ClinicA
            ? new HostTransfer { Prologue = new Prologue { Stream = ClinicA, Data = ByteString.CopyFrom(prologue) } } : answer));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(11)]
    public async Task Run_AnotherNumberOfRecordsThanSealed_IsCaughtAtTheLastFrame(int records)
    {
        // The tiles would get memory that no frame was written to, or a record less.
        var job = new TestJob(TestDevice.Firmware, content => content with { Streams = [.. content.Streams.Select(stream => stream.Id == ClinicA ? stream with { Records = records } : stream)] });
        Assert.Equal(DeviceErrors.FrameSubstituted.Id, await EndAsync(job));
    }

    private static TestJob JobPinning(Digest digest) => new(
        TestDevice.Firmware, content => content with { Streams = [.. content.Streams.Select(stream => stream.Id == ClinicA ? stream with { Digest = digest } : stream)] });

    private static async Task<string> EndAsync(TestJob job, Func<DeviceTransfer, HostTransfer, HostTransfer?>? alter = null)
    {
        var tiles = new FakeTiles();
        await using TestDevice device = await TestDevice.StartAsync(tiles, job: job);
        await device.CommitAsync();
        device.Host.Alter = alter ?? device.Host.Alter;
        (byte[]? receipt, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.Null(receipt);
        Assert.Equal(0, tiles.Alive);
        return exception!.Code;
    }
}
