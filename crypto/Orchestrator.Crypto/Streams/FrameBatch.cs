using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Orchestrator.Crypto.Streams;

/// <summary>A buffer for some consecutive frames, with a cipher and a hash of its own, so that different threads can work on different batches.</summary>
internal sealed class FrameBatch : IDisposable
{
    private readonly int _fullSize;
    private readonly LeafHasher _hasher = new();
    private readonly Digest[] _leaves;
    private byte[]? _buffer;

    /// <summary>Creates a batch; the buffer comes with its first use.</summary>
    /// <param name="cipher">The stream's cipher, owned.</param>
    /// <param name="frameSize">Bytes of plaintext in every frame but the last.</param>
    /// <param name="capacity">Frames that fit.</param>
    public FrameBatch(FrameCipher cipher, int frameSize, int capacity)
    {
        Cipher = cipher;
        _fullSize = frameSize + StreamLimits.FrameOverhead;
        _leaves = new Digest[capacity];
        Opened = new OpenedFrame[capacity];
    }

    public FrameCipher Cipher { get; }

    /// <summary>The frames, sealed or opened in place: their plaintext stands where their ciphertext does.</summary>
    public byte[] Buffer => _buffer ??= GC.AllocateUninitializedArray<byte>(Capacity * _fullSize, pinned: true);

    public int Capacity => _leaves.Length;

    /// <summary>The index of the first frame.</summary>
    public long First { get; set; }

    /// <summary>Bytes of sealed frames. All are full, but for the stream's last one.</summary>
    public int Size { get; set; }

    /// <summary>The number of frames. No frame is shorter than its overhead, so a rest is a frame.</summary>
    public int Count => (Size + _fullSize - 1) / _fullSize;

    /// <summary>All frames.</summary>
    public ReadOnlySpan<byte> Frames => Buffer.AsSpan(0, Size);

    /// <summary>The frames' leaf hashes, after <see cref="HashLeaves"/>.</summary>
    public ReadOnlySpan<Digest> Leaves => _leaves.AsSpan(0, Count);

    /// <summary>What opening found, a frame each.</summary>
    public OpenedFrame[] Opened { get; }

    /// <summary>What the plaintext is to be read from first, and from where; <see langword="null"/> if it is there.</summary>
    public (IPlaintextFile File, long Offset)? Source { get; set; }

    /// <summary>Whether the work is done; guarded by the ring.</summary>
    public bool Done { get; set; }

    /// <summary>What the work threw; guarded by the ring.</summary>
    public Exception? Failure { get; set; }

    /// <summary>A frame of those in the batch.</summary>
    public Memory<byte> Frame(int number) => Buffer.AsMemory(number * _fullSize, Math.Min(_fullSize, Size - (number * _fullSize)));

    /// <summary>A frame's plaintext.</summary>
    public Memory<byte> Plaintext(int number) => Frame(number)[StreamLimits.IvFieldSize..^StreamLimits.TagSize];

    /// <summary>Hashes the frames as they are now.</summary>
    public void HashLeaves()
    {
        int full = Size / _fullSize;
        int wide = WideSha256.IsSupported && full >= WideSha256.LeastMessages ? full : 0;
        if (wide > 0)
        {
            WideSha256.Hash(MerkleTree.LeafPrefix, Frames[..(wide * _fullSize)], MemoryMarshal.AsBytes(_leaves.AsSpan(0, wide)));
        }

        for (int i = wide; i < Count; i++)
        {
            _hasher.Append(Frame(i).Span);
            _leaves[i] = _hasher.Finish();
        }
    }

    /// <summary>Zeroes the buffer and drops the key.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_buffer);
        Cipher.Dispose();
        _hasher.Dispose();
    }
}

/// <summary>What opening a frame found.</summary>
/// <param name="Authentic">Whether its tag is right.</param>
/// <param name="Iv">The IV that it carries.</param>
internal readonly record struct OpenedFrame(bool Authentic, FrameIv Iv);
