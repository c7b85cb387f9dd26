using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NSec.Cryptography.Interop;

/// <summary>HMAC-SHA-512 (RFC 2104) of data that comes in pieces. Its state lives on the stack and is erased at the end.</summary>
internal ref struct HmacSha512
{
    public const int MacSize = 64;

    /// <summary>The size of <c>crypto_auth_hmacsha512_state</c> in units of 8 bytes: two states of SHA-512.</summary>
    public const int StateLength = 52;

    private readonly Span<ulong> _state;

    /// <summary>Starts with a key of any length.</summary>
    /// <param name="state">Memory of <see cref="StateLength"/> units.</param>
    /// <param name="key">The key.</param>
    public HmacSha512(Span<ulong> state, ReadOnlySpan<byte> key)
    {
        _state = state;
        Sodium.Check(Libsodium.crypto_auth_hmacsha512_init(_state, key, (nuint)key.Length));
    }

    public readonly void Append(ReadOnlySpan<byte> data) =>
        Sodium.Check(Libsodium.crypto_auth_hmacsha512_update(_state, data, (ulong)data.Length));

    public readonly void Finish(Span<byte> mac)
    {
        Sodium.Check(Libsodium.crypto_auth_hmacsha512_final(_state, mac));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_state));
    }
}
