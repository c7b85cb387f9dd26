using Orchestrator.Errors;

namespace Orchestrator.Crypto.Streams;

/// <summary>Seals a plaintext of any length, also one that is not known beforehand, in constant memory. For one thread at a time.</summary>
/// <remarks>
/// Write, then <see cref="Finish"/>: a stream that was not finished is truncated, and no opener takes it for whole.
/// The output is not disposed.
/// </remarks>
public sealed class StreamSealer : IDisposable
{
    private readonly Stream _output;
    private readonly StreamHeader _header;
    private readonly FrameRing _ring;
    private readonly MerkleAccumulator _merkle = new();
    private int _filled;
    private bool _finished;

    /// <summary>Begins a stream and writes its prologue.</summary>
    /// <param name="output">Where the sealed stream goes; need not seek.</param>
    /// <param name="key">A key that has sealed nothing else; may be disposed afterwards.</param>
    /// <param name="header">The header. The same key and header must not seal two different plaintexts.</param>
    /// <param name="parallelism">Threads that seal at once, at least 1; memory grows with it.</param>
    /// <exception cref="ArgumentException">A value of <paramref name="header"/> or <paramref name="parallelism"/> is out of its range.</exception>
    public StreamSealer(Stream output, StreamKey key, StreamHeader header, int parallelism = 1)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(header);
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        _output = output;
        _header = header;
        byte[] encoded = header.Encode();
        using var secrets = new StreamSecrets(key, header.Salt.Span, encoded);
        Prologue = StreamPrologue.Create(header, encoded, secrets.Commitment);
        _merkle.Append(MerkleTree.LeafHash(Prologue.Bytes.Span));
        output.Write(Prologue.Bytes.Span);
        _ring = new FrameRing(secrets, header, parallelism, Seal);
    }

    /// <summary>What stands before frame 0.</summary>
    public StreamPrologue Prologue { get; }

    /// <summary>Bytes of plaintext taken so far.</summary>
    public long PlaintextLength { get; private set; }

    /// <summary>Seals more plaintext; how it is cut into calls makes no difference.</summary>
    /// <exception cref="InvalidOperationException">The stream was finished.</exception>
    /// <exception cref="OrchestratorException"><see cref="StreamErrors.TooLong"/>.</exception>
    public void Write(ReadOnlySpan<byte> plaintext)
    {
        while (!plaintext.IsEmpty)
        {
            Span<byte> room = Room().Span;
            int count = Math.Min(room.Length, plaintext.Length);
            plaintext[..count].CopyTo(room);
            plaintext = plaintext[count..];
            Took(count);
        }
    }

    /// <summary>Seals the rest of <paramref name="source"/>.</summary>
    /// <param name="source">The plaintext, read into the frames without another copy.</param>
    /// <param name="cancellationToken">Stops between two reads.</param>
    /// <exception cref="InvalidOperationException">The stream was finished.</exception>
    /// <exception cref="OrchestratorException"><see cref="StreamErrors.TooLong"/>.</exception>
    public void CopyFrom(Stream source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = source.Read(Room().Span);
            if (count == 0)
            {
                return;
            }

            Took(count);
        }
    }

    /// <summary>Seals the last frame and writes everything out.</summary>
    /// <returns>The stream's digest.</returns>
    /// <exception cref="InvalidOperationException">The stream was finished before.</exception>
    /// <exception cref="OrchestratorException"><see cref="StreamErrors.RecordSplit"/>: the plaintext is no whole number of records.</exception>
    public Digest Finish()
    {
        FrameSlot last = Slot();
        StreamLayout.RequireWholeRecords(_header, _filled);
        last.Size = _filled;
        _ring.Start();
        _filled = 0;
        _finished = true;
        while (!_ring.IsEmpty)
        {
            WriteOldest();
        }

        _output.Flush();
        return _merkle.Root();
    }

    /// <summary>Zeroes the buffers and drops the key.</summary>
    public void Dispose() => _ring.Dispose();

    private static void Seal(FrameSlot slot)
    {
        slot.Cipher.Seal(slot.Index, slot.Plaintext.Span, slot.Frame.Span);
        slot.Hasher.Append(slot.Frame.Span);
        slot.Leaf = slot.Hasher.Finish();
    }

    private FrameSlot Slot()
    {
        if (_finished)
        {
            throw new InvalidOperationException("The stream has ended.");
        }

        if (_ring.IsFull)
        {
            WriteOldest();
        }

        return _ring.Started < StreamLayout.MaxFramesOf(_header) ? _ring.Free : throw StreamLayout.TooLong();
    }

    private Memory<byte> Room() => Slot().Buffer.AsMemory(StreamLimits.IvFieldSize + _filled, _header.FrameSize - _filled);

    private void Took(int count)
    {
        _filled += count;
        PlaintextLength += count;
        if (_filled == _header.FrameSize)
        {
            _ring.Free.Size = _filled;
            _ring.Start();
            _filled = 0;
        }
    }

    private void WriteOldest()
    {
        FrameSlot slot = _ring.Oldest();
        _output.Write(slot.Frame.Span);
        _merkle.Append(slot.Leaf);
        _ring.Release();
    }
}
