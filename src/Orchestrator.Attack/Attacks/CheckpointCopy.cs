using System.Security.Cryptography;
using Google.Protobuf;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Checkpoints;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Attack.Attacks;

/// <summary>A checkpoint as a host has it: sealed, with the device's word for it, or made by the host itself.</summary>
/// <param name="Prologue">Everything before the first frame.</param>
/// <param name="Frames">Sealed frames, in order.</param>
/// <param name="Statement">The device's.</param>
internal sealed record CheckpointCopy(ByteString Prologue, IReadOnlyList<ByteString> Frames, ByteString Statement)
{
    private const int SealedFrame = StreamLimits.DefaultFrameSize + StreamLimits.FrameOverhead;

    /// <summary>Leaf hashes of the frames.</summary>
    public ByteString Leaves => ByteString.CopyFrom([.. Frames.SelectMany(frame => MerkleTree.LeafHash(frame.Span).ToArray())]);

    /// <summary>What a host offers it by.</summary>
    public CheckpointOffer Offer() => new() { Digest = ByteString.CopyFrom(DigestOf().ToArray()), Prologue = Prologue, Frames = (ulong)Frames.Count };

    /// <summary>Takes a stored stream apart.</summary>
    public static CheckpointCopy Of(byte[] stream, ByteString statement)
    {
        using var content = new MemoryStream(stream);
        int start = StreamPrologue.Read(content).Length;
        IEnumerable<ByteString> frames = stream.Skip(start).Chunk(SealedFrame).Select(frame => ByteString.CopyFrom(frame));
        return new CheckpointCopy(ByteString.CopyFrom(stream, 0, start), [.. frames], statement);
    }

    /// <summary>A whole checkpoint that no device has written, under a key of the host's.</summary>
    public static CheckpointCopy Invent(Digest job, int counter)
    {
        using StreamKey own = StreamKey.Generate();
        using var sealer = new FrameSealer(own, new CheckpointHeader(job, RandomNumberGenerator.GetBytes(Quote.SessionSize), counter, counter).ToStreamHeader());
        byte[] frame = new byte[Digest.Size + StreamLimits.FrameOverhead];
        sealer.Seal(new byte[Digest.Size], frame);
        return new CheckpointCopy(ByteString.CopyFrom(sealer.Prologue.Bytes.Span), [ByteString.CopyFrom(frame)], ByteString.Empty);
    }

    private Digest DigestOf()
    {
        var tree = new MerkleAccumulator();
        tree.Append(MerkleTree.LeafHash(Prologue.Span));
        foreach (ByteString frame in Frames)
        {
            tree.Append(MerkleTree.LeafHash(frame.Span));
        }

        return tree.Root();
    }
}

/// <summary>Keeps a copy of every checkpoint that a device writes.</summary>
internal sealed class CheckpointCopies
{
    private readonly Dictionary<uint, CheckpointCopy> _whole = [];
    private MemoryStream _pieces = new();

    /// <summary>The number of the newest; 0 without any.</summary>
    public uint Newest { get; private set; }

    public CheckpointCopy this[uint counter] => _whole[counter];

    public void Take(DeviceTransfer transfer)
    {
        if (transfer.WriteCheckpoint is { } piece)
        {
            piece.Data.WriteTo(_pieces);
            if (!piece.Statement.IsEmpty)
            {
                Newest = piece.Counter;
                _whole[piece.Counter] = CheckpointCopy.Of(_pieces.ToArray(), piece.Statement);
                _pieces = new MemoryStream();
            }
        }
    }
}
