using System.Security.Cryptography;
using Orchestrator.Crypto;

namespace Orchestrator.Contracts.Releases;

/// <summary>
/// A party's part of a job's checkpoint key: the same for every session of one manifest, so that only all parties
/// together can resume (docs/spec/key-release.md). Zeroed when disposed.
/// </summary>
public sealed class CheckpointShare : IDisposable
{
    // Pinned, so that the collector leaves no copy behind.
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(KeyPackage.ShareSize, pinned: true);

    private CheckpointShare()
    {
    }

    /// <summary>HKDF-SHA-256 (RFC 5869) of the party's checkpoint secret, with the manifest's digest as info.</summary>
    /// <param name="secret">At least 32 bytes that only the party has.</param>
    /// <param name="manifest">The job.</param>
    public static CheckpointShare Derive(ReadOnlySpan<byte> secret, Digest manifest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, KeyPackage.ShareSize, nameof(secret));
        var share = new CheckpointShare();
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, share._bytes, "orchestrator/checkpoint-share/v1"u8, manifest.ToArray());
        return share;
    }

    /// <summary>Takes over 32 bytes.</summary>
    public static CheckpointShare Import(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, KeyPackage.ShareSize, nameof(bytes));
        var share = new CheckpointShare();
        bytes.CopyTo(share._bytes);
        return share;
    }

    /// <summary>The 32 bytes; the caller zeroes them.</summary>
    public byte[] Export() => Secrets.Copy(_bytes);

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);

    /// <summary>Says nothing about the secret.</summary>
    public override string ToString() => nameof(CheckpointShare);
}
