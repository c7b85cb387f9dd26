namespace NSec.Cryptography;

/// <summary>An algorithm that derives keys from a secret that is already strong (not from a password).</summary>
public abstract class KeyDerivationAlgorithm : Algorithm
{
    private protected KeyDerivationAlgorithm(int maxCount) => MaxCount = maxCount;

    /// <summary>HKDF with SHA-256 (RFC 5869).</summary>
    public static HkdfSha256 HkdfSha256 { get; } = new();

    /// <summary>HKDF with SHA-512 (RFC 5869).</summary>
    public static HkdfSha512 HkdfSha512 { get; } = new();

    /// <summary>The most bytes that can be derived.</summary>
    public int MaxCount { get; }

    /// <summary>Derives <paramref name="count"/> bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative or over <see cref="MaxCount"/>.</exception>
    /// <exception cref="ObjectDisposedException">The secret has been erased.</exception>
    public byte[] DeriveBytes(SharedSecret sharedSecret, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        byte[] bytes = new byte[count];
        DeriveBytes(sharedSecret, salt, info, bytes);
        return bytes;
    }

    /// <summary>Fills <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> is longer than <see cref="MaxCount"/> or overlaps an input.</exception>
    /// <exception cref="ObjectDisposedException">The secret has been erased.</exception>
    public void DeriveBytes(SharedSecret sharedSecret, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, Span<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(sharedSecret);
        RequireOutput(bytes, salt, info);
        DeriveBytesCore(sharedSecret, salt, info, bytes);
    }

    private protected abstract void DeriveBytesCore(SharedSecret sharedSecret, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, Span<byte> bytes);

    private protected void RequireOutput(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> input, ReadOnlySpan<byte> info)
    {
        if (bytes.Length > MaxCount)
        {
            throw new ArgumentException($"At most {MaxCount} bytes can be derived.", nameof(bytes));
        }

        if (bytes.Overlaps(input) || bytes.Overlaps(info))
        {
            throw new ArgumentException("The output overlaps an input.", nameof(bytes));
        }
    }
}
