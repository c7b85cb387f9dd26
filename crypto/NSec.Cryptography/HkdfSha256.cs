using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NSec.Cryptography.Interop;

namespace NSec.Cryptography;

/// <summary>HKDF with SHA-256 (RFC 5869): salt and info of any length, at most 255 x 32 bytes out.</summary>
public sealed class HkdfSha256 : KeyDerivationAlgorithm2
{
    private const int HashSize = 32;

    /// <summary>The size of <c>crypto_auth_hmacsha256_state</c>, two states of SHA-256, in units of 8 bytes.</summary>
    private const int StateLength = 26;

    /// <summary>The same as <see cref="KeyDerivationAlgorithm.HkdfSha256"/>, as another object.</summary>
    public HkdfSha256()
        : base(maxCount: byte.MaxValue * HashSize, pseudorandomKeySize: HashSize)
    {
        if (Libsodium.crypto_auth_hmacsha256_statebytes() > StateLength * sizeof(ulong))
        {
            throw new InvalidOperationException("This version of libsodium is not supported.");
        }
    }

    private protected override void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, Span<byte> mac)
    {
        Span<ulong> state = stackalloc ulong[StateLength];
        Sodium.Check(Libsodium.crypto_auth_hmacsha256_init(state, key, (nuint)key.Length));
        Sodium.Check(Libsodium.crypto_auth_hmacsha256_update(state, first, (ulong)first.Length));
        Sodium.Check(Libsodium.crypto_auth_hmacsha256_update(state, second, (ulong)second.Length));
        Sodium.Check(Libsodium.crypto_auth_hmacsha256_update(state, third, (ulong)third.Length));
        Sodium.Check(Libsodium.crypto_auth_hmacsha256_final(state, mac));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(state));
    }
}
