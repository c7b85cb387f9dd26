using System.Buffers.Binary;
using System.Security.Cryptography;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Device.Sxp;

/// <summary>
/// Knows which frames a stream consists of. A frame is compared with its leaf of the Merkle tree at its first read; from
/// then on with a GMAC under a key of this session, which is several times as fast as SHA-256 and as hard to forge for
/// one who never sees a tag. Different frames may be checked at the same time.
/// </summary>
public sealed class FrameChecks : IDisposable
{
    private const int GmacSize = 16;

    // Of each frame its leaf hash (32 bytes), overwritten by its GMAC (16) at the first read.
    private readonly Digest[] _expected;
    private readonly bool[] _wasRead;
    private readonly AesGcm _gmac;

    /// <param name="leaves">The leaf hash of every frame, already checked against the pinned root.</param>
    public FrameChecks(Digest[] leaves)
    {
        ArgumentNullException.ThrowIfNull(leaves);
        _expected = leaves;
        _wasRead = new bool[leaves.Length];
        byte[] key = RandomNumberGenerator.GetBytes(32);
        _gmac = new AesGcm(key, GmacSize);
        CryptographicOperations.ZeroMemory(key);
    }

    /// <summary>Distinct frames that were read and right.</summary>
    public long FramesRead { get; private set; }

    /// <summary>Reads that were right.</summary>
    public long Reads { get; private set; }

    /// <summary>Sealed bytes of the reads that were right.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Whether a sealed frame is the one at <paramref name="index"/>. Not for the same frame at the same time.</summary>
    public bool Check(long index, ReadOnlySpan<byte> frame)
    {
        return _wasRead[index] ? CheckAgain(index, frame) : CheckFirst(index, frame);
    }

    /// <summary>Drops the key.</summary>
    public void Dispose() => _gmac.Dispose();

    private bool CheckFirst(long index, ReadOnlySpan<byte> frame)
    {
        if (MerkleTree.LeafHash(frame) != _expected[index])
        {
            return false;
        }

        Span<byte> kept = stackalloc byte[Digest.Size];
        kept.Clear();
        lock (_gmac)
        {
            ComputeGmac(index, frame, kept[..GmacSize]);
            _expected[index] = new Digest(kept);
            _wasRead[index] = true;
            FramesRead++;
            Count(frame);
        }

        return true;
    }

    private bool CheckAgain(long index, ReadOnlySpan<byte> frame)
    {
        Span<byte> found = stackalloc byte[Digest.Size];
        found.Clear();
        lock (_gmac)
        {
            ComputeGmac(index, frame, found[..GmacSize]);
            if (_expected[index] != new Digest(found))
            {
                return false;
            }

            Count(frame);
            return true;
        }
    }

    private void Count(ReadOnlySpan<byte> frame)
    {
        Reads++;
        BytesRead += frame.Length;
    }

    // The frame's index is the nonce: two different frames under one would have to pass the comparison first.
    private void ComputeGmac(long index, ReadOnlySpan<byte> frame, Span<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[12];
        nonce.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(nonce, index);
        _gmac.Encrypt(nonce, [], [], tag, frame);
    }
}
