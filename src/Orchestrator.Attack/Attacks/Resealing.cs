using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>Frame and leaf hash both: nothing but the signed manifest contradicts.</summary>
internal sealed class ResealStream(AttackMaterial material) : Attack(FrameAttacks.Card(
    "reseal-frame-and-leaf", "and a party collude: it seals other records and states their leaf hash", Binding, "device-stream-substituted"))
{
    private ByteString? _frame;

    public override IEnumerable<HostTransfer> OnHostTransfer(HostTransfer transfer)
    {
        if (transfer.Leaves is { Stream: Streams.Victim } leaves)
        {
            Strike();
            _frame = Resealing.Of(material, material.Earlier.Frames[(Streams.Victim, 0)]);
            leaves.Hashes = ByteString.CopyFrom([.. MerkleTree.LeafHash(_frame.Span).ToArray(), .. leaves.Hashes.Span[Digest.Size..]]);
        }
        else if (transfer.Frame is { Stream: Streams.Victim, Index: 0 } && _frame is not null)
        {
            return [FrameAttacks.Frame(transfer, _frame)];
        }

        return [transfer];
    }
}

/// <summary>
/// A party that colludes with the host can seal other records in a frame's place, under its own key and the right IV, after
/// everybody has signed. Tag and position are right; only the pinned digest can tell.
/// </summary>
internal static class Resealing
{
    /// <summary>Another frame 0 of the accomplice's stream, authentic under its key.</summary>
    public static ByteString Of(AttackMaterial material, ByteString frame)
    {
        StreamPrologue prologue = StreamPrologue.Parse(material.Earlier.Prologues[Streams.Victim].Span);
        using StreamKey key = material.Accomplice.Keys.StreamKeyOf(material.StreamOfAccomplice);
        byte[] plaintext = new byte[prologue.Header.FrameSize];
        using (FrameOpener opener = FrameOpener.TryCreate(key, prologue, out FrameOpener? opened) ? opened : throw new InvalidOperationException("The key is not the stream's."))
        {
            opener.TryOpen(frame.Span, plaintext, out _, out _);
        }

        // Two bits of a number: the record stays one that the tiles would take.
        plaintext[0] ^= 0x03;
        using var sealer = new FrameSealer(key, prologue.Header);
        byte[] resealed = new byte[frame.Length];
        sealer.Seal(plaintext, resealed);
        return ByteString.CopyFrom(resealed);
    }
}
