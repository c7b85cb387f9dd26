using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Orchestrator.Crypto.HybridEncryption;

/// <summary>The key schedule of HPKE's base mode and the encryption under it (RFC 9180 sections 5.1 and 5.2), with AES-256-GCM. Not safe for concurrent use.</summary>
internal sealed class HpkeContext : IDisposable
{
    public const int TagSize = 16;

    private const int KeySize = 32;
    private const int NonceSize = 12;
    private const byte BaseMode = 0x00;

    /// <summary>DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.</summary>
    private static readonly LabeledHkdf Hkdf = new([.. "HPKE"u8, 0x00, 0x20, 0x00, 0x01, 0x00, 0x02]);

    private readonly AesGcm _aead;
    private readonly byte[] _baseNonce = new byte[NonceSize];
    private ulong _sequence;

    /// <summary>Derives key and base nonce.</summary>
    /// <param name="sharedSecret">What <see cref="DhKem"/> agreed on.</param>
    /// <param name="info">What both sides know about the use.</param>
    public HpkeContext(ReadOnlySpan<byte> sharedSecret, ReadOnlySpan<byte> info)
    {
        byte[] context = ScheduleContext(info);
        Span<byte> secret = stackalloc byte[LabeledHkdf.HashSize];
        Span<byte> key = stackalloc byte[KeySize];
        try
        {
            Hkdf.Extract(sharedSecret, "secret"u8, [], secret);
            Hkdf.Expand(secret, "key"u8, context, key);
            Hkdf.Expand(secret, "base_nonce"u8, context, _baseNonce);
            _aead = new AesGcm(key, TagSize);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The mode, and the digests of the absent pre-shared key's id and of <paramref name="info"/>.</summary>
    internal static byte[] ScheduleContext(ReadOnlySpan<byte> info)
    {
        byte[] context = new byte[1 + (2 * LabeledHkdf.HashSize)];
        context[0] = BaseMode;
        Hkdf.Extract([], "psk_id_hash"u8, [], context.AsSpan(1, LabeledHkdf.HashSize));
        Hkdf.Extract([], "info_hash"u8, info, context.AsSpan(1 + LabeledHkdf.HashSize));
        return context;
    }

    /// <summary>Encrypts the next message; <paramref name="sealedMessage"/> is 16 bytes longer.</summary>
    public void Seal(ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext, Span<byte> sealedMessage)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        ComputeNonce(nonce);
        _aead.Encrypt(nonce, plaintext, sealedMessage[..plaintext.Length], sealedMessage[plaintext.Length..], aad);
        _sequence++;
    }

    /// <summary>Decrypts the next message, unless it is not the one that was sealed; <paramref name="plaintext"/> is 16 bytes shorter and cleared on failure.</summary>
    public bool TryOpen(ReadOnlySpan<byte> aad, ReadOnlySpan<byte> sealedMessage, Span<byte> plaintext)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        ComputeNonce(nonce);
        try
        {
            _aead.Decrypt(nonce, sealedMessage[..plaintext.Length], sealedMessage[plaintext.Length..], plaintext, aad);
        }
        catch (AuthenticationTagMismatchException)
        {
            plaintext.Clear();
            return false;
        }

        _sequence++;
        return true;
    }

    public void Dispose()
    {
        _aead.Dispose();
        CryptographicOperations.ZeroMemory(_baseNonce);
    }

    private void ComputeNonce(Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[(NonceSize - sizeof(ulong))..], _sequence);
        for (int i = 0; i < NonceSize; i++)
        {
            nonce[i] ^= _baseNonce[i];
        }
    }
}
