using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Device.Tests.Support;

/// <summary>A checkpoint as a host stores it.</summary>
internal sealed record StoredCheckpoint(int Counter, int Epoch, byte[] Bytes, byte[] Statement)
{
    public StreamLayout Layout { get; } = StreamLayout.Read(new MemoryStream(Bytes));

    public Digest Digest
    {
        get
        {
            var tree = new MerkleAccumulator();
            tree.Append(MerkleTree.LeafHash(Layout.Prologue.Bytes.Span));
            for (long index = 0; index < Layout.FrameCount; index++)
            {
                tree.Append(MerkleTree.LeafHash(Frame(index)));
            }

            return tree.Root();
        }
    }

    public byte[] Frame(long index)
    {
        (long offset, int length) = Layout.FrameRange(index);
        return Bytes.AsSpan((int)offset, length).ToArray();
    }

    public CheckpointOffer Offer() => new()
    {
        Digest = ByteString.CopyFrom(Digest.ToArray()),
        Prologue = ByteString.CopyFrom(Layout.Prologue.Bytes.Span),
        Frames = (ulong)Layout.FrameCount,
    };
}
