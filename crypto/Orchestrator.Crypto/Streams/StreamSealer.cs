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
    private int _frames;
    private int _filled;
    private bool _ended;
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

    /// <summary>Seals a whole file, which the threads read side by side. Only <see cref="Finish"/> may follow, and reports what reading comes to.</summary>
    /// <param name="source">The plaintext, read into the frames without another copy.</param>
    /// <param name="cancellationToken">Stops between two batches of frames.</param>
    /// <exception cref="InvalidOperationException">The stream was finished, or has a plaintext already.</exception>
    /// <exception cref="OrchestratorException"><see cref="StreamErrors.TooLong"/>, or the source's.</exception>
    public void CopyFrom(IPlaintextFile source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (PlaintextLength > 0)
        {
            throw new InvalidOperationException("The file must be the whole plaintext.");
        }

        if (source.Length / _header.FrameSize >= StreamLayout.MaxFramesOf(_header))
        {
            throw StreamLayout.TooLong();
        }

        int whole = _ring.BatchFrames * _header.FrameSize;
        while (source.Length - PlaintextLength >= whole)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Free().Source = (source, PlaintextLength);
            PlaintextLength += whole;
            _frames = _ring.BatchFrames;
            StartBatch();
        }

        Free().Source = (source, PlaintextLength);
        (_frames, _filled) = Math.DivRem((int)(source.Length - PlaintextLength), _header.FrameSize);
        PlaintextLength = source.Length;
        _ended = true;
    }

    /// <summary>Seals the last frame and writes everything out.</summary>
    /// <returns>The stream's digest.</returns>
    /// <exception cref="InvalidOperationException">The stream was finished before.</exception>
    /// <exception cref="OrchestratorException"><see cref="StreamErrors.RecordSplit"/>: the plaintext is no whole number of records.</exception>
    public Digest Finish()
    {
        if (_finished)
        {
            throw Ended();
        }

        if (!_ended)
        {
            Free();
        }

        if (_filled % _header.RecordSize != 0)
        {
            throw new OrchestratorException(StreamErrors.RecordSplit,
                $"The last frame has {_filled} bytes, no multiple of the record size {_header.RecordSize}.");
        }

        StartBatch(last: _filled + StreamLimits.FrameOverhead);
        _ended = true;
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

    private static void Seal(FrameBatch batch)
    {
        long offset = batch.Source?.Offset ?? 0;
        for (int i = 0; i < batch.Count; i++)
        {
            Span<byte> plaintext = batch.Plaintext(i).Span;
            batch.Source?.File.Read(offset, plaintext);
            batch.Cipher.Seal(batch.First + i, plaintext, batch.Frame(i).Span);
            offset += plaintext.Length;
        }

        batch.HashLeaves();
    }

    private static InvalidOperationException Ended() => new("The stream has ended.");

    private FrameBatch Free()
    {
        if (_ended)
        {
            throw Ended();
        }

        if (_ring.IsFull)
        {
            WriteOldest();
        }

        return _ring.NextFrame + _frames < StreamLayout.MaxFramesOf(_header) ? _ring.Free : throw StreamLayout.TooLong();
    }

    private Memory<byte> Room() => Free().Buffer.AsMemory(SizeOf(_frames) + StreamLimits.IvFieldSize + _filled, _header.FrameSize - _filled);

    private int SizeOf(int frames) => frames * (_header.FrameSize + StreamLimits.FrameOverhead);

    private void Took(int count)
    {
        _filled += count;
        PlaintextLength += count;
        if (_filled == _header.FrameSize)
        {
            _filled = 0;
            _frames++;
            if (_frames == _ring.BatchFrames)
            {
                StartBatch();
            }
        }
    }

    private void StartBatch(int last = 0)
    {
        _ring.Free.Size = SizeOf(_frames) + last;
        _ring.Start();
        _frames = 0;
        _filled = 0;
    }

    private void WriteOldest()
    {
        FrameBatch batch = _ring.Oldest();
        _output.Write(batch.Frames);
        foreach (Digest leaf in batch.Leaves)
        {
            _merkle.Append(leaf);
        }

        batch.Source = null;
        _ring.Release();
    }
}
