using System.Buffers.Binary;
using System.Security.Cryptography;
using Orchestrator.Contracts.Releases;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Contracts.Checkpoints;

/// <summary>The stream key of a checkpoint (docs/spec/checkpoint.md): nobody has it who has not every party's share.</summary>
public static class CheckpointKey
{
    private static ReadOnlySpan<byte> Label => "orchestrator/checkpoint-key/v1"u8;

    /// <summary>HKDF-SHA-256 (RFC 5869) of all shares, the manifest's digest as salt, session and number as info.</summary>
    /// <param name="shares">One of every party, in the manifest's order.</param>
    /// <param name="checkpoint">Which checkpoint. Its session is random, so that no two sessions share a key.</param>
    public static StreamKey Derive(IReadOnlyList<CheckpointShare> shares, CheckpointHeader checkpoint)
    {
        ArgumentNullException.ThrowIfNull(shares);
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentOutOfRangeException.ThrowIfZero(shares.Count, nameof(shares));
        byte[] all = GC.AllocateUninitializedArray<byte>(shares.Count * KeyPackage.ShareSize, pinned: true);
        Span<byte> key = stackalloc byte[StreamKey.Size];
        try
        {
            for (int i = 0; i < shares.Count; i++)
            {
                byte[] share = shares[i].Export();
                share.CopyTo(all, i * KeyPackage.ShareSize);
                Secrets.Zero(share);
            }

            HKDF.DeriveKey(HashAlgorithmName.SHA256, all, key, checkpoint.Manifest.ToArray(), Info(checkpoint));
            return StreamKey.Import(key);
        }
        finally
        {
            Secrets.Zero(all);
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static byte[] Info(CheckpointHeader checkpoint)
    {
        byte[] number = new byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32BigEndian(number, checkpoint.Counter);
        return [.. Label, 0, .. checkpoint.Session.Span, .. number];
    }
}
