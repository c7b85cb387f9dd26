using System.Diagnostics.CodeAnalysis;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Streams;

/// <summary>Opens a sealed stream from its beginning to its end, in constant memory, also from a pipe. For one thread at a time.</summary>
/// <remarks>
/// Every byte that comes out is authentic and in its place. That nothing is missing at the end is known when a read says that
/// the end is reached; that the whole is what a digest pinned, then too. The input is not disposed.
/// </remarks>
public sealed class StreamOpener : IDisposable
{
    private readonly Stream _input;
    private readonly FrameRing _ring;
    private readonly MerkleAccumulator? _merkle;
    private readonly Digest _expected;
    private ReadOnlyMemory<byte> _rest;
    private FrameBatch? _batch;
    private int _next;
    private long _framesRead;
    private bool _inputEnded;
    private bool _truncated;
    private bool _disposed;
    private OrchestratorException? _failure;

    private StreamOpener(Stream input, StreamPrologue prologue, StreamSecrets secrets, Digest? expected, int parallelism)
    {
        _input = input;
        Prologue = prologue;
        if (expected is { } digest)
        {
            _expected = digest;
            _merkle = new MerkleAccumulator();
            _merkle.Append(MerkleTree.LeafHash(prologue.Bytes.Span));
        }

        _ring = new FrameRing(secrets, prologue.Header, parallelism, expected is null ? OpenFrames : HashAndOpenFrames);
    }

    /// <summary>What stands before frame 0; authentic.</summary>
    public StreamPrologue Prologue { get; }

    /// <summary>The header; authentic.</summary>
    public StreamHeader Header => Prologue.Header;

    /// <summary>Begins to open a stream, trusting everyone who has the key.</summary>
    /// <param name="input">The sealed stream, from its first byte; need not seek.</param>
    /// <param name="key">The stream's key; may be disposed afterwards.</param>
    /// <param name="parallelism">Threads that open at once, at least 1; memory grows with it.</param>
    /// <exception cref="OrchestratorException">As <see cref="StreamPrologue.Read"/>, or <see cref="StreamErrors.WrongKey"/>.</exception>
    public static StreamOpener Open(Stream input, StreamKey key, int parallelism = 1) => Open(input, key, null, parallelism);

    /// <summary>Begins to open the one stream that has a digest: its end is reached only if the whole matches.</summary>
    /// <param name="input">The sealed stream, from its first byte; need not seek.</param>
    /// <param name="key">The stream's key; may be disposed afterwards.</param>
    /// <param name="expected">The digest, from a trusted place such as a signed manifest.</param>
    /// <param name="parallelism">Threads that open at once, at least 1; memory grows with it.</param>
    /// <exception cref="OrchestratorException">As <see cref="StreamPrologue.Read"/>, or <see cref="StreamErrors.WrongKey"/>.</exception>
    public static StreamOpener OpenPinned(Stream input, StreamKey key, Digest expected, int parallelism = 1) => Open(input, key, (Digest?)expected, parallelism);

    /// <summary>Reads the next frame's plaintext, which may be empty.</summary>
    /// <param name="plaintext">The plaintext, until the next call.</param>
    /// <returns>Whether there was another frame. <see langword="false"/> says that the stream is whole.</returns>
    /// <exception cref="OrchestratorException"><see cref="StreamErrors.FrameTampered"/>, <see cref="StreamErrors.FrameOutOfOrder"/>,
    /// <see cref="StreamErrors.Truncated"/>, <see cref="StreamErrors.TooLong"/> or <see cref="StreamErrors.DigestMismatch"/>.</exception>
    public bool TryReadFrame(out ReadOnlyMemory<byte> plaintext)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        plaintext = default;
        if (_failure is not null)
        {
            throw _failure;
        }

        try
        {
            if (!HasBatch())
            {
                RequireWhole();
                return false;
            }

            plaintext = Check(_batch, _next);
            _next++;
            return true;
        }
        catch (OrchestratorException e)
        {
            _failure = e;
            throw;
        }
    }

    /// <summary>Reads plaintext.</summary>
    /// <returns>The number of bytes; 0 says that the stream is whole and at its end (or that <paramref name="destination"/> is empty).</returns>
    /// <exception cref="OrchestratorException">As <see cref="TryReadFrame"/>.</exception>
    public int Read(Span<byte> destination)
    {
        if (destination.IsEmpty)
        {
            return 0;
        }

        while (_rest.IsEmpty)
        {
            if (!TryReadFrame(out _rest))
            {
                return 0;
            }
        }

        int count = Math.Min(destination.Length, _rest.Length);
        _rest.Span[..count].CopyTo(destination);
        _rest = _rest[count..];
        return count;
    }

    /// <summary>Writes the rest of the plaintext to <paramref name="destination"/>.</summary>
    /// <param name="destination">Where it goes. After an exception, what has been written is authentic but not whole.</param>
    /// <param name="cancellationToken">Stops between two frames.</param>
    /// <exception cref="OrchestratorException">As <see cref="TryReadFrame"/>.</exception>
    public void CopyTo(Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            destination.Write(_rest.Span);
        }
        while (TryReadFrame(out _rest));
    }

    /// <summary>Zeroes the buffers and drops the key.</summary>
    public void Dispose()
    {
        _disposed = true;
        _rest = default;
        _ring.Dispose();
    }

    private static StreamOpener Open(Stream input, StreamKey key, Digest? expected, int parallelism)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(key);
        StreamPrologue prologue = StreamPrologue.Read(input);
        using var secrets = new StreamSecrets(key, prologue.Header.Salt.Span, prologue.EncodedHeader);
        return secrets.Matches(prologue.Commitment)
            ? new StreamOpener(input, prologue, secrets, expected, parallelism)
            : throw new OrchestratorException(StreamErrors.WrongKey, "The stream was sealed under another key, or its header was altered.");
    }

    private static void OpenFrames(FrameBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            bool authentic = batch.Cipher.TryOpen(batch.Frame(i).Span, batch.Plaintext(i).Span, out FrameIv iv, out _);
            batch.Opened[i] = new OpenedFrame(authentic, iv);
        }
    }

    private static void HashAndOpenFrames(FrameBatch batch)
    {
        batch.HashLeaves();
        OpenFrames(batch);
    }

    [MemberNotNullWhen(true, nameof(_batch))]
    private bool HasBatch()
    {
        if (_batch is not null && _next == _batch.Count)
        {
            _ring.Release();
            _batch = null;
        }

        if (_batch is null)
        {
            ReadAhead();
            _batch = _ring.IsEmpty ? null : _ring.Oldest();
            _next = 0;
        }

        return _batch is not null;
    }

    private void ReadAhead()
    {
        int full = Header.FrameSize + StreamLimits.FrameOverhead;
        while (!_inputEnded && !_ring.IsFull)
        {
            FrameBatch batch = _ring.Free;
            int count = _input.ReadAtLeast(batch.Buffer, batch.Buffer.Length, throwOnEndOfStream: false);
            int rest = count % full;
            _inputEnded = count < batch.Buffer.Length;
            _truncated = _inputEnded && rest < StreamLimits.FrameOverhead;
            batch.Size = _truncated ? count - rest : count;
            if (batch.Size > 0)
            {
                _framesRead += batch.Count;
                _ring.Start();
            }
        }
    }

    private ReadOnlyMemory<byte> Check(FrameBatch batch, int number)
    {
        long index = batch.First + number;
        ReadOnlyMemory<byte> plaintext = batch.Plaintext(number);
        var expected = new FrameIv(Header.Kind, Header.Run, index);
        if (index >= StreamLayout.MaxFramesOf(Header))
        {
            throw StreamLayout.TooLong();
        }

        (bool authentic, FrameIv iv) = batch.Opened[number];
        if (!authentic)
        {
            throw StreamLayout.Tampered(index, isLast: plaintext.Length < Header.FrameSize);
        }

        if (iv != expected)
        {
            throw StreamLayout.OutOfOrder(iv, expected);
        }

        _merkle?.Append(batch.Leaves[number]);
        return plaintext;
    }

    private void RequireWhole()
    {
        if (_truncated)
        {
            throw StreamLayout.Truncated(_framesRead);
        }

        if (_merkle is not null && _merkle.Root() != _expected)
        {
            throw new OrchestratorException(StreamErrors.DigestMismatch, $"The stream's digest is {_merkle.Root()}, not {_expected}.");
        }
    }
}
