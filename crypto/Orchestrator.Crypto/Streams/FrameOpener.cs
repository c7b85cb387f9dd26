using System.Diagnostics.CodeAnalysis;

namespace Orchestrator.Crypto.Streams;

/// <summary>Opens frames of one stream in any order. For one thread at a time.</summary>
/// <remarks>It proves that a frame is authentic, not that it is the right one: the caller compares the IV with the one that it expects.</remarks>
public sealed class FrameOpener : IDisposable
{
    private readonly FrameCipher _cipher;

    private FrameOpener(StreamPrologue prologue, FrameCipher cipher)
    {
        Prologue = prologue;
        _cipher = cipher;
    }

    /// <summary>What stands before frame 0; authentic, as the commitment was checked.</summary>
    public StreamPrologue Prologue { get; }

    /// <summary>Begins to open a stream.</summary>
    /// <param name="key">The stream's key; may be disposed afterwards.</param>
    /// <param name="prologue">The stream's prologue.</param>
    /// <param name="opener">The opener, if the key and the header are those that the stream was sealed with.</param>
    /// <returns>Whether they are.</returns>
    public static bool TryCreate(StreamKey key, StreamPrologue prologue, [NotNullWhen(true)] out FrameOpener? opener)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(prologue);
        using var secrets = new StreamSecrets(key, prologue.Header.Salt.Span, prologue.EncodedHeader);
        opener = secrets.Matches(prologue.Commitment) ? new FrameOpener(prologue, new FrameCipher(secrets, prologue.Header)) : null;
        return opener is not null;
    }

    /// <summary>Opens a frame under the IV that it carries.</summary>
    /// <param name="frame">A frame, or anything else.</param>
    /// <param name="plaintext">Room for <see cref="StreamHeader.FrameSize"/> bytes; may stand at the frame's offset 16. Nothing usable is in it after a failure.</param>
    /// <param name="iv">The IV found. To be compared with the expected one; without meaning after a failure.</param>
    /// <param name="written">Bytes of plaintext.</param>
    /// <returns>Whether the frame is authentic and holds whole records.</returns>
    /// <exception cref="ArgumentException"><paramref name="plaintext"/> has less room.</exception>
    public bool TryOpen(ReadOnlySpan<byte> frame, Span<byte> plaintext, out FrameIv iv, out int written)
    {
        if (plaintext.Length < Math.Min(frame.Length - StreamLimits.FrameOverhead, Prologue.Header.FrameSize))
        {
            throw new ArgumentException($"A frame opens to {Prologue.Header.FrameSize} bytes.", nameof(plaintext));
        }

        return _cipher.TryOpen(frame, plaintext, out iv, out written);
    }

    /// <summary>Drops the key.</summary>
    public void Dispose() => _cipher.Dispose();
}
