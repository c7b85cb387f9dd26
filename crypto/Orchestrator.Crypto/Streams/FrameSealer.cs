namespace Orchestrator.Crypto.Streams;

/// <summary>Seals one stream frame by frame, for a caller that moves frames itself, such as a device's egress. For one thread at a time.</summary>
/// <remarks>It counts the frames, so that no (key, IV) pair can come twice. The last frame is the first one shorter than
/// <see cref="StreamHeader.FrameSize"/>; a stream whose plaintext fills its frames ends with an empty one.</remarks>
public sealed class FrameSealer : IDisposable
{
    private readonly FrameCipher _cipher;
    private bool _ended;

    /// <summary>Begins a stream.</summary>
    /// <param name="key">A key that has sealed nothing else; may be disposed afterwards.</param>
    /// <param name="header">The header. The same key and header must not seal two different plaintexts.</param>
    /// <exception cref="ArgumentException">A value of <paramref name="header"/> is out of its range.</exception>
    public FrameSealer(StreamKey key, StreamHeader header)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(header);
        byte[] encoded = header.Encode();
        using var secrets = new StreamSecrets(key, header.Salt.Span, encoded);
        Prologue = StreamPrologue.Create(header, encoded, secrets.Commitment);
        _cipher = new FrameCipher(secrets, header);
    }

    /// <summary>What stands before frame 0.</summary>
    public StreamPrologue Prologue { get; }

    /// <summary>The next frame's index, which is the number of frames sealed.</summary>
    public long Index { get; private set; }

    /// <summary>Seals the next frame.</summary>
    /// <param name="plaintext">A full frame's plaintext, or less (a multiple of the record size) for the last frame.</param>
    /// <param name="frame">At least <see cref="StreamLimits.FrameOverhead"/> bytes more; the plaintext may stand at its offset 16.</param>
    /// <returns>The frame's length in bytes.</returns>
    /// <exception cref="ArgumentException">The plaintext is longer than a frame or splits a record, or <paramref name="frame"/> is too short.</exception>
    /// <exception cref="InvalidOperationException">The last frame was sealed, or the stream is as long as the format allows.</exception>
    public int Seal(ReadOnlySpan<byte> plaintext, Span<byte> frame)
    {
        StreamHeader header = Prologue.Header;
        if (plaintext.Length > header.FrameSize || plaintext.Length % header.RecordSize != 0)
        {
            throw new ArgumentException($"A frame holds at most {header.FrameSize} bytes, in whole records of {header.RecordSize}.", nameof(plaintext));
        }

        int length = plaintext.Length + StreamLimits.FrameOverhead;
        if (frame.Length < length)
        {
            throw new ArgumentException($"The frame needs {length} bytes.", nameof(frame));
        }

        if (_ended || Index == StreamLayout.MaxFramesOf(header))
        {
            throw new InvalidOperationException("The stream has ended.");
        }

        _cipher.Seal(Index, plaintext, frame[..length]);
        Index++;
        _ended = plaintext.Length < header.FrameSize;
        return length;
    }

    /// <summary>Drops the key.</summary>
    public void Dispose() => _cipher.Dispose();
}
