using Google.Protobuf;
using Orchestrator.Bench.Streams;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Bench.Transfers;

/// <summary>A sealed stream in the host's memory, and how to read it.</summary>
internal sealed class BenchStream : IDisposable
{
    public const int Epochs = 65;

    private const int Id = 1;
    private const int Frames = 256;

    private readonly byte[] _bytes;
    private readonly StreamLayout _layout;
    private readonly ByteString[] _frames;
    private readonly ByteString _leaves;

    public BenchStream()
    {
        _bytes = PerCore.Sealed(Key, Frames);
        _layout = StreamLayout.Read(new MemoryStream(_bytes));
        _frames = [.. Enumerable.Range(0, (int)_layout.FrameCount).Select(index => UnsafeByteOperations.UnsafeWrap(Frame(index)))];
        _leaves = ByteString.CopyFrom([.. _frames.SelectMany(frame => MerkleTree.LeafHash(frame.Span).ToArray())]);
        var tree = new MerkleAccumulator();
        tree.Append(MerkleTree.LeafHash(_layout.Prologue.Bytes.Span));
        Array.ForEach(_frames, frame => tree.Append(MerkleTree.LeafHash(frame.Span)));
        Description = new ManifestStream
        {
            Id = Id,
            Owner = _layout.Header.Owner,
            Role = StreamRole.Train,
            Digest = tree.Root(),
            FrameSize = _layout.Header.FrameSize,
            Frames = _layout.FrameCount,
            RecordSize = _layout.Header.RecordSize,
            Records = _layout.RecordCount,
            Schema = null,
        };
    }

    public StreamKey Key { get; } = StreamKey.Generate();

    public ManifestStream Description { get; }

    /// <summary>The order of the frames, each taken for one record.</summary>
    public JobSchedule Schedule() => new(
        new TrainingPlan
        {
            Loss = Loss.CrossEntropy,
            Optimizer = new Optimizer.Sgd { LearningRate = 0.1 },
            BatchSize = 1,
            Epochs = Epochs,
            Seed = 1,
            Threads = 1,
            Interleaving = new Interleaving.Concatenate(),
        },
        [new JobStream(StreamRole.Train, new StreamShape(Frames, 1))]);

    /// <summary>Writes a frame where the device shares memory.</summary>
    public int Fill(uint stream, ulong index, Span<byte> slot)
    {
        ReadOnlySpan<byte> frame = _frames[index].Span;
        frame.CopyTo(slot);
        return frame.Length;
    }

    /// <summary>Answers the device by gRPC.</summary>
    public HostTransfer Answer(DeviceTransfer request) => request.TransferCase switch
    {
        DeviceTransfer.TransferOneofCase.ReadPrologue => new HostTransfer { Prologue = new Prologue { Stream = Id, Data = UnsafeByteOperations.UnsafeWrap(_layout.Prologue.Bytes) } },
        DeviceTransfer.TransferOneofCase.ReadLeaves => new HostTransfer { Leaves = new Leaves { Stream = Id, First = request.ReadLeaves.First, Hashes = _leaves } },
        _ => new HostTransfer { Frame = new Frame { Stream = Id, Index = request.ReadFrame.Index, Data = _frames[request.ReadFrame.Index] } },
    };

    public void Dispose() => Key.Dispose();

    private ReadOnlyMemory<byte> Frame(long index)
    {
        (long offset, int length) = _layout.FrameRange(index);
        return _bytes.AsMemory((int)offset, length);
    }
}
