using System.Security.Cryptography;

namespace Orchestrator.Crypto.Streams;

/// <summary>One frame's buffer, with a cipher and a hash of its own, so that different threads can work on different frames.</summary>
internal sealed class FrameSlot : IDisposable
{
    public FrameSlot(FrameCipher cipher, int frameSize)
    {
        Cipher = cipher;
        Buffer = GC.AllocateUninitializedArray<byte>(frameSize + StreamLimits.FrameOverhead, pinned: true);
    }

    public FrameCipher Cipher { get; }

    public LeafHasher Hasher { get; } = new();

    /// <summary>The frame, sealed or opened in place: its plaintext stands where its ciphertext does.</summary>
    public byte[] Buffer { get; }

    public long Index { get; set; }

    /// <summary>Bytes of plaintext; the sealed frame has <see cref="StreamLimits.FrameOverhead"/> more.</summary>
    public int Size { get; set; }

    public Memory<byte> Frame => Buffer.AsMemory(0, Size + StreamLimits.FrameOverhead);

    public Memory<byte> Plaintext => Buffer.AsMemory(StreamLimits.IvFieldSize, Size);

    /// <summary>The frame's leaf hash, if the work computes it.</summary>
    public Digest Leaf { get; set; }

    /// <summary>Whether the frame opened.</summary>
    public bool Authentic { get; set; }

    /// <summary>The IV that the frame was opened with.</summary>
    public FrameIv Iv { get; set; }

    /// <summary>Whether the work is done; guarded by the ring.</summary>
    public bool Done { get; set; }

    /// <summary>What the work threw; guarded by the ring.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Zeroes the buffer and drops the key.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(Buffer);
        Cipher.Dispose();
        Hasher.Dispose();
    }
}
