using System.Security.Cryptography;

namespace Orchestrator.Crypto.Streams;

/// <summary>What a stream key and a header give: the frames' AES-256 key and the commitment to both.</summary>
/// <remarks>
/// HKDF-Expand (RFC 5869 section 2.3) with SHA-512 and an output of one hash is a single HMAC, and is computed as that:
/// the HKDF interfaces of the class library and of NSec refuse an input key shorter than the hash (as the RFC asks of keys
/// that come from its extract step), while a stream key is 32 uniformly random bytes.
/// </remarks>
internal sealed class StreamSecrets : IDisposable
{
    private const int AesKeySize = 32;

    private readonly byte[] _output = GC.AllocateArray<byte>(HMACSHA512.HashSizeInBytes, pinned: true);

    /// <summary>Derives.</summary>
    /// <param name="key">The stream key.</param>
    /// <param name="salt">The header's salt.</param>
    /// <param name="encodedHeader">The header as it stands in the stream.</param>
    public StreamSecrets(StreamKey key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> encodedHeader)
    {
        ReadOnlySpan<byte> label = "orchestrator/stream/v1"u8;
        Span<byte> info = stackalloc byte[label.Length + StreamLimits.SaltSize + SHA256.HashSizeInBytes + 1];
        label.CopyTo(info);
        salt.CopyTo(info[label.Length..]);
        SHA256.HashData(encodedHeader, info[(label.Length + StreamLimits.SaltSize)..]);
        info[^1] = 1;
        HMACSHA512.HashData(key.Bytes, info, _output);
    }

    /// <summary>The 32 bytes that the prologue ends with; public.</summary>
    public ReadOnlySpan<byte> Commitment => _output.AsSpan(AesKeySize);

    /// <summary>Whether the stream was sealed under this key with this header. Takes the same time whatever differs.</summary>
    public bool Matches(ReadOnlySpan<byte> commitment) => CryptographicOperations.FixedTimeEquals(Commitment, commitment);

    /// <summary>A new instance of the frames' cipher, for one thread at a time.</summary>
    public AesGcm CreateCipher() => new(_output.AsSpan(0, AesKeySize), StreamLimits.TagSize);

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_output);
}
