using System.Buffers.Binary;
using System.Security.Cryptography;
using NSec.Cryptography;

namespace Orchestrator.Crypto.HybridEncryption;

/// <summary>HKDF-SHA256 under the labels of RFC 9180 section 4, which keep its uses in the two layers of HPKE apart.</summary>
/// <param name="suiteId">The layer: <c>KEM</c> or <c>HPKE</c> and the numbers of its algorithms.</param>
internal sealed class LabeledHkdf(byte[] suiteId)
{
    public const int HashSize = 32;

    private static ReadOnlySpan<byte> Version => "HPKE-v1"u8;

    public void Extract(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> inputKeyingMaterial, Span<byte> pseudorandomKey)
    {
        // Pinned, so that the collector leaves no copy behind.
        byte[] labeled = GC.AllocateUninitializedArray<byte>(Version.Length + suiteId.Length + label.Length + inputKeyingMaterial.Length, pinned: true);
        Version.CopyTo(labeled);
        suiteId.CopyTo(labeled, Version.Length);
        label.CopyTo(labeled.AsSpan(Version.Length + suiteId.Length));
        inputKeyingMaterial.CopyTo(labeled.AsSpan(labeled.Length - inputKeyingMaterial.Length));
        KeyDerivationAlgorithm.HkdfSha256.Extract(labeled, salt, pseudorandomKey);
        CryptographicOperations.ZeroMemory(labeled);
    }

    public void Expand(ReadOnlySpan<byte> pseudorandomKey, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, Span<byte> output)
    {
        Span<byte> length = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)output.Length);
        byte[] labeled = [.. length, .. Version, .. suiteId, .. label, .. info];
        KeyDerivationAlgorithm.HkdfSha256.Expand(pseudorandomKey, labeled, output);
    }
}
