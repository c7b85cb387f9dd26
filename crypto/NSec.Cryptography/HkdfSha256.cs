using System.Security.Cryptography;
using NSec.Cryptography.Interop;

namespace NSec.Cryptography;

/// <summary>HKDF with SHA-256 (RFC 5869): salt and info of any length, at most 255 x 32 bytes out.</summary>
/// <remarks>libsodium has HKDF only from 1.0.19 on; this is made of its HMAC.</remarks>
public sealed class HkdfSha256 : KeyDerivationAlgorithm2
{
    /// <summary>The same as <see cref="KeyDerivationAlgorithm.HkdfSha256"/>, as another object.</summary>
    public HkdfSha256()
        : base(maxCount: byte.MaxValue * HmacSha256.MacSize, pseudorandomKeySize: HmacSha256.MacSize)
    {
        if (Libsodium.crypto_auth_hmacsha256_statebytes() > HmacSha256.StateLength * sizeof(ulong))
        {
            throw new InvalidOperationException("This version of libsodium is not supported.");
        }
    }

    private protected override void ExtractCore(ReadOnlySpan<byte> inputKeyingMaterial, ReadOnlySpan<byte> salt, Span<byte> pseudorandomKey)
    {
        // An absent salt stands for as many zeros as a digest has bytes, which HMAC treats like the empty key.
        var hmac = new HmacSha256(stackalloc ulong[HmacSha256.StateLength], salt);
        hmac.Append(inputKeyingMaterial);
        hmac.Finish(pseudorandomKey);
    }

    private protected override void ExpandCore(ReadOnlySpan<byte> pseudorandomKey, ReadOnlySpan<byte> info, Span<byte> bytes)
    {
        Span<ulong> state = stackalloc ulong[HmacSha256.StateLength];
        Span<byte> block = stackalloc byte[HmacSha256.MacSize];
        try
        {
            for (byte counter = 1; !bytes.IsEmpty; counter = unchecked((byte)(counter + 1)))
            {
                var hmac = new HmacSha256(state, pseudorandomKey);
                hmac.Append(counter == 1 ? [] : block);
                hmac.Append(info);
                hmac.Append([counter]);
                hmac.Finish(block);
                int count = Math.Min(block.Length, bytes.Length);
                block[..count].CopyTo(bytes);
                bytes = bytes[count..];
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(block);
        }
    }
}
