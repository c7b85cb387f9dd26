using System.Security.Cryptography;
using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Streams;
using Orchestrator.Device.Dma;

namespace Orchestrator.Device.Tiles;

/// <summary>
/// The codelet that writes an output: cuts it into frames, chooses their IVs, seals them under a key made for this output
/// of this session. Without the key, which only the receipt delivers, what the host gets is of no use to anyone.
/// </summary>
public sealed class EgressTile : IDisposable
{
    /// <summary>The owner in outputs' headers.</summary>
    public const string Owner = "device";

    private const int Run = 1;

    private readonly string _output;
    private readonly HostLink _host;
    private readonly FrameSealer _sealer;
    private readonly MerkleAccumulator _tree = new();
    private readonly IncrementalHash _content = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _frame = GC.AllocateUninitializedArray<byte>(StreamLimits.DefaultFrameSize + StreamLimits.FrameOverhead, pinned: true);
    private int _filled;
    private long _written;

    /// <param name="kind">Model or metrics.</param>
    /// <param name="output">The output's name in the manifest.</param>
    /// <param name="manifest">The job.</param>
    /// <param name="session">The session's identifier.</param>
    /// <param name="host">Stores the sealed output.</param>
    public EgressTile(StreamKind kind, string output, Digest manifest, ReadOnlyMemory<byte> session, HostLink host)
    {
        _output = output;
        _host = host;
        byte[] origin = CborMap.Of(("manifest", manifest), ("output", output), ("session", session)).Encode();
        _sealer = new FrameSealer(Key, StreamHeader.Create(kind, Owner) with { Schema = origin, Run = Run });
    }

    /// <summary>The output's key.</summary>
    public StreamKey Key { get; } = StreamKey.Generate();

    /// <summary>The sealed output's stream digest, after <see cref="FinishAsync"/>.</summary>
    public Digest Digest => _tree.Root();

    /// <summary>SHA-256 of all plaintext that was written.</summary>
    public Digest Content => new(_content.GetCurrentHash());

    private Memory<byte> Plaintext => _frame.AsMemory(StreamLimits.IvFieldSize, StreamLimits.DefaultFrameSize);

    /// <summary>Adds plaintext to the output.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        _content.AppendData(data.Span);
        while (!data.IsEmpty)
        {
            int taken = Math.Min(data.Length, Plaintext.Length - _filled);
            data[..taken].CopyTo(Plaintext[_filled..]);
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
        _filled = 0;
        await SendAsync(_frame.AsMemory(0, length), last, cancellation).ConfigureAwait(false);
    }

    private async Task SendAsync(ReadOnlyMemory<byte> part, bool last, CancellationToken cancellation)
    {
        _tree.Append(MerkleTree.LeafHash(part.Span));
        var message = new WriteOutput { Output = _output, Offset = (ulong)_written, Data = ByteString.CopyFrom(part.Span), Last = last };
        _written += part.Length;
        await _host.SendAsync(new DeviceTransfer { WriteOutput = message }, cancellation).ConfigureAwait(false);
    }
}
