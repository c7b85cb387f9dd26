using Orchestrator.Errors;

namespace Orchestrator.Crypto.Streams;

/// <summary>What a sealed stream turned out to be, without its key.</summary>
/// <param name="Layout">Header, length and frames.</param>
/// <param name="Digest">The Merkle root over prologue and frames: the stream's content address.</param>
public sealed record StreamSummary(StreamLayout Layout, Digest Digest);

/// <summary>Takes a sealed stream as it arrives, in pieces of any size, and checks all that can be checked without its key. For one thread at a time.</summary>
/// <remarks>It keeps the prologue and a hash a level of the tree, nothing else. A stream that it refuses stays refused.</remarks>
public sealed class StreamDigester : IDisposable
{
    private readonly ICollection<Digest>? _leaves;
    private readonly MerkleAccumulator _merkle = new();
    private readonly LeafHasher _hasher = new();
    private readonly byte[] _iv = new byte[StreamLimits.IvFieldSize];
    private byte[] _start = new byte[StreamLimits.PreambleSize];
    private StreamPrologue? _prologue;
    private long _frame;
    private int _frameLength;
    private OrchestratorException? _failure;

    /// <summary>Begins.</summary>
    /// <param name="leaves">Where each leaf hash goes as soon as it is known (prologue, frame 0, ...); <see langword="null"/> keeps none.</param>
    public StreamDigester(ICollection<Digest>? leaves = null) => _leaves = leaves;

    /// <summary>The prologue, as soon as it has arrived.</summary>
    public StreamPrologue? Prologue => _prologue;

    /// <summary>Bytes taken so far.</summary>
    public long Length { get; private set; }

    /// <summary>Digests a whole stream, from its present position to its end.</summary>
    /// <exception cref="OrchestratorException">As <see cref="Append"/> and <see cref="Finish"/>.</exception>
    public static StreamSummary Digest(Stream stream, ICollection<Digest>? leaves = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var digester = new StreamDigester(leaves);
        byte[] buffer = new byte[1 << 16];
        int count;
        while ((count = stream.Read(buffer)) > 0)
        {
            digester.Append(buffer.AsSpan(0, count));
        }

        return digester.Finish();
    }

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="OrchestratorException">As <see cref="StreamPrologue.Read"/>; <see cref="StreamErrors.FrameOutOfOrder"/> as soon as
    /// an IV in clear is not that of its place; <see cref="StreamErrors.FrameTampered"/> for reserved bytes that are not zero; <see cref="StreamErrors.TooLong"/>.</exception>
    public void Append(ReadOnlySpan<byte> bytes) => Guard(bytes, static (self, rest) =>
    {
        while (!rest.IsEmpty)
        {
            int count = self._prologue is null ? self.TakePrologue(rest) : self.TakeFrame(self._prologue.Header, rest);
            self.Length += count;
            rest = rest[count..];
        }
    });

    /// <summary>Says that nothing follows.</summary>
    /// <exception cref="OrchestratorException"><see cref="StreamErrors.Truncated"/> or <see cref="StreamErrors.Foreign"/>.</exception>
    public StreamSummary Finish()
    {
        StreamSummary? summary = null;
        Guard([], (self, _) =>
        {
            if (self._prologue is null)
            {
                StreamPrologue.Parse(self._start.AsSpan(0, (int)self.Length));
            }

            StreamLayout layout = StreamLayout.Of(self._prologue!, self.Length);
            self.EndLeaf();
            summary = new StreamSummary(layout, self._merkle.Root());
        });
        return summary!;
    }

    /// <summary>Frees the hash.</summary>
    public void Dispose() => _hasher.Dispose();

    private void Guard(ReadOnlySpan<byte> bytes, Action<StreamDigester, ReadOnlySpan<byte>> step)
    {
        if (_failure is not null)
        {
            throw _failure;
        }

        try
        {
            step(this, bytes);
        }
        catch (OrchestratorException e)
        {
            _failure = e;
            throw;
        }
    }

    private int TakePrologue(ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(bytes.Length, _start.Length - (int)Length);
        bytes[..count].CopyTo(_start.AsSpan((int)Length));
        if (Length + count < _start.Length)
        {
            return count;
        }

        if (_start.Length == StreamLimits.PreambleSize)
        {
            Array.Resize(ref _start, StreamPrologue.LengthFrom(_start));
            return count;
        }

        _prologue = StreamPrologue.FromWhole(_start);
        _hasher.Append(_start);
        EndLeaf();
        return count;
    }

    private int TakeFrame(StreamHeader header, ReadOnlySpan<byte> bytes)
    {
        int full = header.FrameSize + StreamLimits.FrameOverhead;
        int count = Math.Min(bytes.Length, full - _frameLength);
        if (_frameLength < _iv.Length)
        {
            TakeIv(header, bytes[..Math.Min(count, _iv.Length - _frameLength)]);
        }

        _hasher.Append(bytes[..count]);
        _frameLength += count;
        if (_frameLength == full)
        {
            EndLeaf();
            _frame++;
            _frameLength = 0;
        }

        return count;
    }

    private void TakeIv(StreamHeader header, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_iv.AsSpan(_frameLength));
        if (_frameLength + bytes.Length < _iv.Length)
        {
            return;
        }

        var expected = new FrameIv(header.Kind, header.Run, _frame);
        FrameIv found = FrameIv.Read(_iv);
        if (found != expected)
        {
            throw StreamLayout.OutOfOrder(found, expected);
        }

        if (_iv.AsSpan(FrameIv.Size).ContainsAnyExcept((byte)0))
        {
            throw StreamLayout.Tampered(_frame, isLast: false);
        }

        if (_frame >= StreamLayout.MaxFramesOf(header))
        {
            throw StreamLayout.TooLong();
        }
    }

    private void EndLeaf()
    {
        Digest leaf = _hasher.Finish();
        _merkle.Append(leaf);
        _leaves?.Add(leaf);
    }
}
