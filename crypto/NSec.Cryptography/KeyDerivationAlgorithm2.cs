using System.Security.Cryptography;
using NSec.Cryptography.Interop;

namespace NSec.Cryptography;

/// <summary>
/// A key derivation in two steps: a pseudorandom key is extracted, then expanded to the bytes asked for. All of them are
/// HKDF (RFC 5869), here made of libsodium's HMAC: libsodium has HKDF itself only from 1.0.19 on.
/// </summary>
public abstract class KeyDerivationAlgorithm2 : KeyDerivationAlgorithm
{
    private protected KeyDerivationAlgorithm2(int maxCount, int pseudorandomKeySize)
        : base(maxCount) => PseudorandomKeySize = pseudorandomKeySize;

    /// <summary>The size of a pseudorandom key, in bytes.</summary>
    public int PseudorandomKeySize { get; }

    /// <summary>The first step.</summary>
    public byte[] Extract(ReadOnlySpan<byte> inputKeyingMaterial, ReadOnlySpan<byte> salt)
    {
        byte[] pseudorandomKey = new byte[PseudorandomKeySize];
        ExtractCore(inputKeyingMaterial, salt, pseudorandomKey);
        return pseudorandomKey;
    }

    /// <summary>The first step, into a buffer of exactly <see cref="PseudorandomKeySize"/> bytes.</summary>
    /// <exception cref="ArgumentException">The buffer has another size.</exception>
    public void Extract(ReadOnlySpan<byte> inputKeyingMaterial, ReadOnlySpan<byte> salt, Span<byte> pseudorandomKey)
    {
        if (pseudorandomKey.Length != PseudorandomKeySize)
        {
            throw new ArgumentException($"A pseudorandom key has {PseudorandomKeySize} bytes.", nameof(pseudorandomKey));
        }

        ExtractCore(inputKeyingMaterial, salt, pseudorandomKey);
    }

    /// <summary>The second step.</summary>
    /// <exception cref="ArgumentException">The key is shorter than <see cref="PseudorandomKeySize"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative or over <see cref="KeyDerivationAlgorithm.MaxCount"/>.</exception>
    public byte[] Expand(ReadOnlySpan<byte> pseudorandomKey, ReadOnlySpan<byte> info, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        byte[] bytes = new byte[count];
        Expand(pseudorandomKey, info, bytes);
        return bytes;
    }

    /// <summary>The second step, into a buffer.</summary>
    /// <exception cref="ArgumentException">The key is too short, or the buffer too long or overlapping an input.</exception>
    public void Expand(ReadOnlySpan<byte> pseudorandomKey, ReadOnlySpan<byte> info, Span<byte> bytes)
    {
        if (pseudorandomKey.Length < PseudorandomKeySize)
        {
            throw new ArgumentException($"A pseudorandom key has at least {PseudorandomKeySize} bytes.", nameof(pseudorandomKey));
        }

        RequireOutput(bytes, pseudorandomKey, info);
        ExpandCore(pseudorandomKey, info, bytes);
    }

    private protected sealed override void DeriveBytesCore(SharedSecret sharedSecret, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, Span<byte> bytes)
    {
        Span<byte> pseudorandomKey = stackalloc byte[PseudorandomKeySize];
        using SecureMemoryHandle.Lease secret = sharedSecret.Borrow();
        try
        {
            ExtractCore(secret.Span, salt, pseudorandomKey);
            ExpandCore(pseudorandomKey, info, bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pseudorandomKey);
        }
    }

    /// <summary>The HMAC of three pieces in a row.</summary>
    private protected abstract void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, Span<byte> mac);

    // An absent salt stands for as many zeros as a digest has bytes, which HMAC treats like the empty key.
    private void ExtractCore(ReadOnlySpan<byte> inputKeyingMaterial, ReadOnlySpan<byte> salt, Span<byte> pseudorandomKey) =>
        Hmac(salt, inputKeyingMaterial, [], [], pseudorandomKey);

    private void ExpandCore(ReadOnlySpan<byte> pseudorandomKey, ReadOnlySpan<byte> info, Span<byte> bytes)
    {
        Span<byte> block = stackalloc byte[PseudorandomKeySize];
        try
        {
            int previous = 0;
            for (int counter = 1; !bytes.IsEmpty; counter++)
            {
                Hmac(pseudorandomKey, block[..previous], info, [(byte)counter], block);
                int count = Math.Min(block.Length, bytes.Length);
                block[..count].CopyTo(bytes);
                bytes = bytes[count..];
                previous = block.Length;
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(block);
        }
    }
}
