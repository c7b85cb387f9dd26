namespace NSec.Cryptography;

/// <summary>An algorithm that derives bytes from a password, at a cost that makes guessing expensive.</summary>
public abstract class PasswordBasedKeyDerivationAlgorithm : Algorithm
{
    private readonly int _saltSize;

    private protected PasswordBasedKeyDerivationAlgorithm(int saltSize) => _saltSize = saltSize;

    /// <summary>Argon2id (RFC 9106) at the given cost.</summary>
    /// <exception cref="ArgumentException">The cost is outside libsodium's limits.</exception>
    public static Argon2id Argon2id(in Argon2Parameters parameters) => new(in parameters);

    /// <summary>Derives <paramref name="count"/> bytes.</summary>
    /// <exception cref="ArgumentException">The salt has another size than the algorithm's.</exception>
    public byte[] DeriveBytes(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        byte[] bytes = new byte[count];
        DeriveBytes(password, salt, bytes);
        return bytes;
    }

    /// <summary>Fills <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentException">The salt has another size than the algorithm's.</exception>
    public void DeriveBytes(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Span<byte> bytes)
    {
        if (salt.Length != _saltSize)
        {
            throw new ArgumentException($"The salt has {_saltSize} bytes.", nameof(salt));
        }

        if (!bytes.IsEmpty)
        {
            DeriveBytesCore(password, salt, bytes);
        }
    }

    private protected abstract void DeriveBytesCore(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Span<byte> bytes);
}
