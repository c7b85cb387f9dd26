using System.Buffers.Binary;
using System.Security.Cryptography;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Dma;
using Orchestrator.Device.Sessions;
using Orchestrator.Errors;

namespace Orchestrator.Device.Runs;

/// <summary>
/// Reads the checkpoint that the quote names: the controller's part of it for itself, the rest for the tiles. Every frame is
/// checked as those of data streams are: tag, place, and leaf of the quoted digest.
/// </summary>
/// <param name="point">Which checkpoint.</param>
/// <param name="keyOf">Gives its key.</param>
/// <param name="host">Has it.</param>
internal sealed class CheckpointReader(ResumePoint point, Func<Contracts.Checkpoints.CheckpointHeader, StreamKey> keyOf, HostLink host)
{
    /// <summary>The number by which checkpoints are asked for; the manifest's streams count from 1.</summary>
    public const int Stream = 0;

    /// <summary>Gives the tiles their state back.</summary>
    /// <returns>The controller's part.</returns>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.CheckpointForged"/>, or a code of the host's or the tiles'.</exception>
    public async Task<RunHistory> RestoreAsync(TileChannel tiles, CancellationToken cancellation)
    {
        Digest[] leaves = await ReadLeavesAsync(cancellation).ConfigureAwait(false);
        using FrameOpener opener = point.Open(keyOf);
        var history = new HistoryPart();
        byte[] room = Buffer(StreamLimits.FrameOverhead);
        byte[] plaintext = Buffer();
        byte[] withheld = Buffer();
        try
        {
            // One frame's part is withheld, as the last frame may be empty and no piece of a state is.
            ReadOnlyMemory<byte> pending = default;
            for (int index = 0; index < point.Frames; index++)
            {
                int size = await host.ReadFrameAsync(Stream, index, room, cancellation).ConfigureAwait(false);
                int length = Accept(opener, leaves, index, size > room.Length ? [] : room.AsSpan(0, size), plaintext);
                ReadOnlyMemory<byte> state = history.Take(plaintext.AsMemory(0, length));
                if (!state.IsEmpty)
                {
                    await SendAsync(tiles, pending, last: false, cancellation).ConfigureAwait(false);
                    pending = state;
                    (plaintext, withheld) = (withheld, plaintext);
                }
            }

            await SendAsync(tiles, pending, last: true, cancellation).ConfigureAwait(false);
            return history.Decode();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
            CryptographicOperations.ZeroMemory(withheld);
        }
    }

    private static byte[] Buffer(int overhead = 0) => GC.AllocateUninitializedArray<byte>(StreamLimits.DefaultFrameSize + overhead, pinned: true);

    private static Task SendAsync(TileChannel tiles, ReadOnlyMemory<byte> state, bool last, CancellationToken cancellation) => state.IsEmpty
        ? Task.CompletedTask
        : tiles.SendInPiecesAsync(state, (piece, ends) => new TileMessage.State(last && ends, piece), cancellation);

    private async Task<Digest[]> ReadLeavesAsync(CancellationToken cancellation)
    {
        var tree = new MerkleAccumulator();
        tree.Append(MerkleTree.LeafHash(point.Prologue.Bytes.Span));
        var leaves = new Digest[point.Frames];
        for (int first = 0; first < leaves.Length; first += HostLink.LeavesPerRead)
        {
            int count = Math.Min(HostLink.LeavesPerRead, leaves.Length - first);
            Digest[] part = await host.ReadLeavesAsync(Stream, first, count, cancellation).ConfigureAwait(false);
            part.CopyTo(leaves, first);
            Array.ForEach(part, tree.Append);
        }

        return tree.Root() == point.Digest ? leaves : throw Forged("its frames are not those of the digest that was quoted");
    }

    private int Accept(FrameOpener opener, Digest[] leaves, int index, ReadOnlySpan<byte> frame, Span<byte> plaintext)
    {
        bool last = index == leaves.Length - 1;
        return opener.TryOpen(frame, plaintext, out FrameIv iv, out int length)
            && iv == new FrameIv(StreamKind.Checkpoint, point.Header.Counter, index)
            && MerkleTree.LeafHash(frame) == leaves[index]
            && last == length < StreamLimits.DefaultFrameSize
            ? length
            : throw Forged($"frame {index} is not authentic, or not in its place");
    }

    private OrchestratorException Forged(string how) => new(DeviceErrors.CheckpointForged, $"Checkpoint {point.Header.Counter}: {how}.");

    /// <summary>What stands before the tiles' state: length (u32, big-endian) and encoding.</summary>
    private sealed class HistoryPart
    {
        private byte[]? _encoding;
        private int _filled;

        public bool IsWhole => _encoding is not null && _filled == _encoding.Length;

        /// <summary>Takes what belongs to it.</summary>
        /// <returns>The rest.</returns>
        public ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> bytes)
        {
            if (_encoding is null)
            {
                // The first frame holds the length, or the checkpoint is none.
                uint length = bytes.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32BigEndian(bytes.Span) : uint.MaxValue;
                _encoding = length <= RunHistory.MaxBytes ? GC.AllocateUninitializedArray<byte>((int)length, pinned: true) : throw Unreadable();
                bytes = bytes[sizeof(uint)..];
            }

            int taken = Math.Min(bytes.Length, _encoding.Length - _filled);
            bytes[..taken].CopyTo(_encoding.AsMemory(_filled));
            _filled += taken;
            return bytes[taken..];
        }

        public RunHistory Decode()
        {
            try
            {
                return IsWhole ? RunHistory.Decode(_encoding) : throw Unreadable();
            }
            finally
            {
                CryptographicOperations.ZeroMemory(_encoding);
            }
        }

        private static OrchestratorException Unreadable() => new(DeviceErrors.CheckpointForged, "The checkpoint does not hold what a device puts there.");
    }
}
