using System.Numerics;

namespace Orchestrator.Crypto.Streams;

/// <summary>Computes the root of a <see cref="MerkleTree"/> from leaf hashes as they come, keeping one hash a level. For one thread at a time.</summary>
public sealed class MerkleAccumulator
{
    private const int Levels = 63;

    // _subtrees[i] is the root of a complete subtree of 2^i leaves, meaningful if bit i of Count is set.
    private readonly Digest[] _subtrees = new Digest[Levels];

    /// <summary>The number of leaves so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds the next leaf.</summary>
    public void Append(Digest leafHash)
    {
        int level = 0;
        for (; ((Count >> level) & 1) == 1; level++)
        {
            leafHash = MerkleTree.NodeHash(_subtrees[level], leafHash);
        }

        _subtrees[level] = leafHash;
        Count++;
    }

    /// <summary>The root over the leaves so far; of none, the digest of nothing. More may follow.</summary>
    public Digest Root()
    {
        if (Count == 0)
        {
            return Digest.Of([]);
        }

        int level = BitOperations.TrailingZeroCount(Count);
        Digest root = _subtrees[level];
        for (level++; Count >> level != 0; level++)
        {
            if (((Count >> level) & 1) == 1)
            {
                root = MerkleTree.NodeHash(_subtrees[level], root);
            }
        }

        return root;
    }
}
