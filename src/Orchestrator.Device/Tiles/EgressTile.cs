using System.Security.Cryptography;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Device.Sxp;

namespace Orchestrator.Device.Tiles;

/// <summary>
/// The codelet that writes a stream: cuts it into frames, chooses their IVs, and seals them under a key that is used for this
/// stream of this session only. What the host gets is of no use to anyone without the key.
/// </summary>
public sealed class EgressTile : IDisposable
{
    private readonly Func<SealedPart, CancellationToken, Task> _send;
    private readonly FrameSealer _sealer;
    private readonly MerkleAccumulator _tree = new();
    private readonly IncrementalHash _content = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _frame = GC.AllocateUninitializedArray<byte>(StreamLimits.DefaultFrameSize + StreamLimits.FrameOverhead, pinned: true);
    private int _filled;
    private long _written;

    /// <param name="key">A key that has sealed nothing; owned by the tile from now on.</param>
    /// <param name="header">What the stream says of itself.</param>
    /// <param name="send">Gives a part to the host.</param>
    public EgressTile(StreamKey key, StreamHeader header, Func<SealedPart, CancellationToken, Task> send)
    {
        Key = key;
        _send = send;
        _sealer = new FrameSealer(key, header);
    }

    /// <summary>The stream's key.</summary>
    public StreamKey Key { get; }

    /// <summary>The stream digest of what was sent; the whole stream's in and after the last part, see <see cref="FinishAsync"/>.</summary>
    public Digest Digest => _tree.Root();

    /// <summary>SHA-256 of all plaintext that was written.</summary>
    public Digest Content => new(_content.GetCurrentHash());

    private Memory<byte> Plaintext => _frame.AsMemory(StreamLimits.IvFieldSize, StreamLimits.DefaultFrameSize);

    /// <summary>Adds plaintext to the stream.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        while (!data.IsEmpty)
        {
            int taken = Math.Min(data.Length, Plaintext.Length - _filled);
            data[..taken].CopyTo(Plaintext[_filled..]);

            // The copy: what the tiles still share could change between digest and encryption.
            _content.AppendData(Plaintext.Span.Slice(_filled, taken));
            _filled += taken;
            data = data[taken..];
            if (_filled == Plaintext.Length)
            {
                await SealFrameAsync(last: false, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Seals the last frame, which is shorter than the others and may be empty.</summary>
    public Task FinishAsync(CancellationToken cancellation) => SealFrameAsync(last: true, cancellation);

    /// <summary>Erases key and buffer.</summary>
    public void Dispose()
    {
        Key.Dispose();
        _sealer.Dispose();
        _content.Dispose();
        CryptographicOperations.ZeroMemory(_frame);
    }

    private async Task SealFrameAsync(bool last, CancellationToken cancellation)
    {
        if (_written == 0)
        {
            await SendAsync(_sealer.Prologue.Bytes, last: false, cancellation).ConfigureAwait(false);
        }

        int length = _sealer.Seal(Plaintext.Span[.._filled], _frame);
        SealingLedger.Note(_sealer.Prologue, _frame);
        _filled = 0;
        await SendAsync(_frame.AsMemory(0, length), last, cancellation).ConfigureAwait(false);
    }

    private async Task SendAsync(ReadOnlyMemory<byte> part, bool last, CancellationToken cancellation)
    {
        _tree.Append(MerkleTree.LeafHash(part.Span));
        long offset = _written;
        _written += part.Length;
        await _send(new SealedPart(offset, part, last), cancellation).ConfigureAwait(false);
    }
}
