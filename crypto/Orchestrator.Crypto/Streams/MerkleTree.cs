using System.Numerics;
using System.Security.Cryptography;

namespace Orchestrator.Crypto.Streams;

/// <summary>SHA-256 Merkle trees as RFC 9162 section 2.1 defines them: a leaf hashes with the prefix 0x00, a node with 0x01.</summary>
/// <remarks>The prefixes make leaves and nodes distinct, so a root stands for one list of leaves, their number included.</remarks>
public static class MerkleTree
{
    /// <summary>What a leaf hashes behind.</summary>
    internal static ReadOnlySpan<byte> LeafPrefix => [0];

    /// <summary>The hash of a leaf.</summary>
    public static Digest LeafHash(ReadOnlySpan<byte> data)
    {
        using var hasher = new LeafHasher();
        hasher.Append(data);
        return hasher.Finish();
    }

    /// <summary>The hash of an inner node.</summary>
    public static Digest NodeHash(Digest left, Digest right)
    {
        Span<byte> node = stackalloc byte[1 + (2 * Digest.Size)];
        node[0] = 1;
        left.CopyTo(node[1..]);
        right.CopyTo(node[(1 + Digest.Size)..]);
        return Digest.Of(node);
    }

    /// <summary>The root over the hashes of leaves; of none, the digest of nothing.</summary>
    public static Digest Root(ReadOnlySpan<Digest> leaves)
    {
        var accumulator = new MerkleAccumulator();
        foreach (Digest leaf in leaves)
        {
            accumulator.Append(leaf);
        }

        return accumulator.Root();
    }

    /// <summary>The hashes that prove a leaf, nearest to the leaf first (RFC 9162 section 2.1.3.1).</summary>
    /// <param name="leaves">The hashes of all leaves.</param>
    /// <param name="index">The leaf to prove.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leaf.</exception>
    public static Digest[] AuditPath(ReadOnlySpan<Digest> leaves, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, leaves.Length);
        var path = new Stack<Digest>();
        while (leaves.Length > 1)
        {
            int split = 1 << BitOperations.Log2((uint)leaves.Length - 1);
            bool left = index < split;
            path.Push(Root(left ? leaves[split..] : leaves[..split]));
            index -= left ? 0 : split;
            leaves = left ? leaves[..split] : leaves[split..];
        }

        return [.. path];
    }

    /// <summary>Whether a path proves a leaf (RFC 9162 section 2.1.3.2).</summary>
    /// <param name="root">The root that is known to be right.</param>
    /// <param name="size">The number of leaves that is known to be right.</param>
    /// <param name="index">Where the leaf should be.</param>
    /// <param name="leaf">The leaf's hash.</param>
    /// <param name="path">The path, from anyone.</param>
    public static bool VerifyPath(Digest root, long size, long index, Digest leaf, ReadOnlySpan<Digest> path)
    {
        if (index < 0 || index >= size)
        {
            return false;
        }

        long node = index;
        long last = size - 1;
        Digest hash = leaf;
        foreach (Digest sibling in path)
        {
            if (last == 0)
            {
                return false;
            }

            bool right = long.IsOddInteger(node) || node == last;
            hash = right ? NodeHash(sibling, hash) : NodeHash(hash, sibling);

            // A last node without a right sibling moves up until it is someone's right child.
            int levels = right && !long.IsOddInteger(node) ? BitOperations.TrailingZeroCount(node) : 0;
            node >>= levels + 1;
            last >>= levels + 1;
        }

        return last == 0 && hash == root;
    }
}
