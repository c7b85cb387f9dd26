using System.Security.Cryptography;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Streams;

/// <summary>Opens frames of a sealed file in any order.</summary>
/// <remarks>It checks each frame that is read, and the last one at the start, so that the number of frames is authentic.
/// One read at a time.</remarks>
public sealed class SealedStreamReader : IFrameSource, IDisposable
{
    private readonly Stream _stream;
    private readonly FrameOpener _opener;
    private readonly byte[] _buffer;

    private SealedStreamReader(Stream stream, StreamLayout layout, FrameOpener opener)
    {
        _stream = stream;
        Layout = layout;
        _opener = opener;
        _buffer = GC.AllocateUninitializedArray<byte>(layout.Header.FrameSize + StreamLimits.FrameOverhead, pinned: true);
    }

    /// <summary>Where the frames are; authentic.</summary>
    public StreamLayout Layout { get; }

    /// <inheritdoc/>
    public StreamHeader Header => Layout.Header;

    /// <inheritdoc/>
    public long FrameCount => Layout.FrameCount;

    /// <summary>Begins to read a sealed stream.</summary>
    /// <param name="stream">The sealed stream, seekable, beginning at position 0; owned and disposed by the reader, also if this fails.</param>
    /// <param name="key">The stream's key; may be disposed afterwards.</param>
    /// <exception cref="ArgumentException"><paramref name="stream"/> does not seek.</exception>
    /// <exception cref="OrchestratorException">As <see cref="StreamLayout.Read"/>, <see cref="StreamErrors.WrongKey"/>, or as <see cref="ReadAsync"/> for the last frame.</exception>
    public static SealedStreamReader Open(Stream stream, StreamKey key)
    {
        ArgumentNullException.ThrowIfNull(stream);
        SealedStreamReader? reader = null;
        try
        {
            StreamLayout layout = StreamLayout.Read(stream);
            reader = FrameOpener.TryCreate(key, layout.Prologue, out FrameOpener? opener)
                ? new SealedStreamReader(stream, layout, opener)
                : throw new OrchestratorException(StreamErrors.WrongKey, "The stream was sealed under another key, or its header was altered.");
            reader.Read(layout.FrameCount - 1);
            return reader;
        }
        catch
        {
            reader?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Begins to read a sealed file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="OrchestratorException">As <see cref="Open(Stream, StreamKey)"/>.</exception>
    public static SealedStreamReader Open(string path, StreamKey key) =>
        Open(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.RandomAccess), key);

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long frame, CancellationToken cancellationToken)
    {
        (long offset, int length) = Layout.FrameRange(frame);
        _stream.Position = offset;
        int count = await _stream.ReadAtLeastAsync(_buffer.AsMemory(0, length), length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return OpenBuffer(frame, count == length ? length : throw StreamLayout.Truncated(frame));
    }

    /// <summary>Reads a frame and waits for it.</summary>
    /// <inheritdoc cref="IFrameSource.ReadAsync"/>
    public ReadOnlyMemory<byte> Read(long frame)
    {
        (long offset, int length) = Layout.FrameRange(frame);
        _stream.Position = offset;
        int count = _stream.ReadAtLeast(_buffer.AsSpan(0, length), length, throwOnEndOfStream: false);
        return OpenBuffer(frame, count == length ? length : throw StreamLayout.Truncated(frame));
    }

    /// <summary>Zeroes the plaintext, drops the key and disposes the stream.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_buffer);
        _opener.Dispose();
        _stream.Dispose();
    }

    private ReadOnlyMemory<byte> OpenBuffer(long frame, int length)
    {
        Memory<byte> plaintext = _buffer.AsMemory(StreamLimits.IvFieldSize, length - StreamLimits.FrameOverhead);
        if (!_opener.TryOpen(_buffer.AsSpan(0, length), plaintext.Span, out FrameIv iv, out _))
        {
            throw StreamLayout.Tampered(frame, isLast: frame == FrameCount - 1);
        }

        var expected = new FrameIv(Header.Kind, Header.Run, frame);
        return iv == expected ? plaintext : throw StreamLayout.OutOfOrder(iv, expected);
    }
}
