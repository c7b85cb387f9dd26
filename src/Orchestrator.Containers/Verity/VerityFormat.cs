using System.Security.Cryptography;
using Orchestrator.Crypto;

namespace Orchestrator.Containers.Verity;

/// <summary>dm-verity as layer images use it: format 1, SHA-256, blocks of 4,096 bytes, a salt of 32 zero bytes (Linux, Documentation/admin-guide/device-mapper/verity.rst).</summary>
public static class VerityFormat
{
    /// <summary>Bytes of a data block and of a hash block.</summary>
    public const int BlockSize = 4096;

    /// <summary>Bytes of a hash.</summary>
    public const int HashSize = SHA256.HashSizeInBytes;

    /// <summary>Bytes of the salt, all zero.</summary>
    public const int SaltSize = 32;

    /// <summary>Bytes that a layer image may have: 32 GiB, twice what an archive may unpack to.</summary>
    public const long MaxLength = 32L << 30;

    /// <summary>Hashes in a hash block.</summary>
    public const int HashesInBlock = BlockSize / HashSize;

    /// <summary>The numbers of hash blocks of each level, the lowest level, over the data, first; none for a single data block.</summary>
    public static IReadOnlyList<long> LevelsOver(long dataBlocks)
    {
        var levels = new List<long>();
        for (long blocks = dataBlocks; blocks > 1;)
        {
            blocks = (blocks + HashesInBlock - 1) / HashesInBlock;
            levels.Add(blocks);
        }

        return levels;
    }

    /// <summary>Hashes whole blocks, each behind the salt.</summary>
    /// <param name="salted">32 bytes of room for the salt, then the blocks; the same afterwards, but for the room.</param>
    /// <param name="hashes">32 bytes for each block.</param>
    public static void HashBlocks(Span<byte> salted, Span<byte> hashes)
    {
        int blocks = salted.Length / BlockSize;
        int wide = WideSha256.IsSupported ? HashWide(salted[SaltSize..], hashes, blocks) : 0;
        HashEach(salted[(wide * BlockSize)..], hashes[(wide * HashSize)..]);
    }

    /// <summary>Hashes many blocks at once and says how many; a few are left over.</summary>
    private static int HashWide(ReadOnlySpan<byte> data, Span<byte> hashes, int blocks)
    {
        ReadOnlySpan<byte> salt = stackalloc byte[SaltSize];
        int done = 0;
        while (blocks - done >= WideSha256.LeastMessages)
        {
            int count = Math.Min(WideSha256.MaxMessages, blocks - done);
            WideSha256.Hash(salt, data.Slice(done * BlockSize, count * BlockSize), hashes.Slice(done * HashSize, count * HashSize));
            done += count;
        }

        return done;
    }

    private static void HashEach(Span<byte> salted, Span<byte> hashes)
    {
        // The salt goes where the block before ends, and what was there comes back: no block is copied.
        Span<byte> kept = stackalloc byte[SaltSize];
        for (int at = 0; at + SaltSize < salted.Length; at += BlockSize)
        {
            Span<byte> salt = salted.Slice(at, SaltSize);
            salt.CopyTo(kept);
            salt.Clear();
            SHA256.HashData(salted.Slice(at, SaltSize + BlockSize), hashes);
            kept.CopyTo(salt);
            hashes = hashes[HashSize..];
        }
    }
}
