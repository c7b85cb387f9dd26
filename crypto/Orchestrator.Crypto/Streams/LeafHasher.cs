using System.Security.Cryptography;

namespace Orchestrator.Crypto.Streams;

/// <summary>Hashes Merkle leaves one after the other, without copying them. For one thread at a time.</summary>
internal sealed class LeafHasher : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public LeafHasher() => Begin();

    /// <summary>Continues the leaf.</summary>
    public void Append(ReadOnlySpan<byte> data) => _hash.AppendData(data);

    /// <summary>Ends the leaf and begins the next.</summary>
    public Digest Finish()
    {
        Span<byte> digest = stackalloc byte[Digest.Size];
        _hash.GetHashAndReset(digest);
        Begin();
        return new Digest(digest);
    }

    public void Dispose() => _hash.Dispose();

    private void Begin() => _hash.AppendData(MerkleTree.LeafPrefix);
}
