using System.Security.Cryptography;
using NSec.Cryptography.Interop;

namespace NSec.Cryptography;

/// <summary>HKDF with SHA-512 (RFC 5869): salt and info of any length, at most 255 x 64 bytes out.</summary>
/// <remarks>libsodium has HKDF only from 1.0.19 on; this is made of its HMAC.</remarks>
public sealed class HkdfSha512 : KeyDerivationAlgorithm2
{
    /// <summary>The same as <see cref="KeyDerivationAlgorithm.HkdfSha512"/>, as another object.</summary>
    public HkdfSha512()
        : base(maxCount: byte.MaxValue * HmacSha512.MacSize, pseudorandomKeySize: HmacSha512.MacSize)
    {
        if (Libsodium.crypto_auth_hmacsha512_statebytes() > HmacSha512.StateLength * sizeof(ulong))
        {
            throw new InvalidOperationException("This version of libsodium is not supported.");
        }
    }

    private protected override void ExtractCore(ReadOnlySpan<byte> inputKeyingMaterial, ReadOnlySpan<byte> salt, Span<byte> pseudorandomKey)
    {
        // An absent salt stands for as many zeros as a digest has bytes, which HMAC treats like the empty key.
        var hmac = new HmacSha512(stackalloc ulong[HmacSha512.StateLength], salt);
        hmac.Append(inputKeyingMaterial);
        hmac.Finish(pseudorandomKey);
    }

    private protected override void ExpandCore(ReadOnlySpan<byte> pseudorandomKey, ReadOnlySpan<byte> info, Span<byte> bytes)
    {
        Span<ulong> state = stackalloc ulong[HmacSha512.StateLength];
        Span<byte> block = stackalloc byte[HmacSha512.MacSize];
        try
        {
            for (byte counter = 1; !bytes.IsEmpty; counter = unchecked((byte)(counter + 1)))
            {
                var hmac = new HmacSha512(state, pseudorandomKey);
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
