using System.Security.Cryptography;

namespace Orchestrator.Crypto.Streams;

/// <summary>Seals and opens single frames of one stream: IV (12) and zeros (4), ciphertext, tag (16). For one thread at a time.</summary>
internal sealed class FrameCipher : IDisposable
{
    private readonly StreamHeader _header;
    private readonly AesGcm _aes;

    public FrameCipher(StreamSecrets secrets, StreamHeader header)
    {
        _header = header;
        _aes = secrets.CreateCipher();
    }

    /// <summary>Seals a frame. No index may come twice with different plaintext: the callers count.</summary>
    /// <param name="index">The frame's index.</param>
    /// <param name="plaintext">At most a frame's plaintext; may be the ciphertext's place in <paramref name="frame"/>.</param>
    /// <param name="frame">Exactly <see cref="StreamLimits.FrameOverhead"/> bytes more.</param>
    public void Seal(long index, ReadOnlySpan<byte> plaintext, Span<byte> frame)
    {
        Span<byte> iv = frame[..StreamLimits.IvFieldSize];
        iv.Clear();
        new FrameIv(_header.Kind, _header.Run, index).WriteTo(iv);
        _aes.Encrypt(iv[..FrameIv.Size], plaintext, frame[StreamLimits.IvFieldSize..^StreamLimits.TagSize], frame[^StreamLimits.TagSize..]);
    }

    /// <summary>Opens a frame under the IV that it carries.</summary>
    /// <param name="frame">A frame, or anything else.</param>
    /// <param name="plaintext">Where the plaintext goes: may be the ciphertext's place in <paramref name="frame"/>. Cleared as far as it was written if the tag is wrong.</param>
    /// <param name="iv">The IV found, also if the tag is wrong.</param>
    /// <param name="written">Bytes of plaintext.</param>
    /// <returns>Whether the frame is authentic and holds whole records.</returns>
    public bool TryOpen(ReadOnlySpan<byte> frame, Span<byte> plaintext, out FrameIv iv, out int written)
    {
        iv = default;
        written = 0;
        int length = frame.Length - StreamLimits.FrameOverhead;
        if (length < 0)
        {
            return false;
        }

        iv = FrameIv.Read(frame);
        if (length > _header.FrameSize || length % _header.RecordSize != 0 || frame[FrameIv.Size..StreamLimits.IvFieldSize].ContainsAnyExcept((byte)0))
        {
            return false;
        }

        try
        {
            _aes.Decrypt(frame[..FrameIv.Size], frame[StreamLimits.IvFieldSize..^StreamLimits.TagSize], frame[^StreamLimits.TagSize..], plaintext[..length]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        written = length;
        return true;
    }

    public void Dispose() => _aes.Dispose();
}
