namespace NSec.Cryptography;

/// <summary>An algorithm for signatures.</summary>
public abstract class SignatureAlgorithm : Algorithm
{
    private protected SignatureAlgorithm(int privateKeySize, int publicKeySize, int signatureSize)
    {
        PrivateKeySize = privateKeySize;
        PublicKeySize = publicKeySize;
        SignatureSize = signatureSize;
    }

    /// <summary>Ed25519 (RFC 8032).</summary>
    public static Ed25519 Ed25519 { get; } = new();

    /// <summary>The size of a private key, in bytes.</summary>
    public int PrivateKeySize { get; }

    /// <summary>The size of a public key, in bytes.</summary>
    public int PublicKeySize { get; }

    /// <summary>The size of a signature, in bytes.</summary>
    public int SignatureSize { get; }

    internal sealed override int SeedSize => PrivateKeySize;

    internal sealed override int RawPublicKeySize => PublicKeySize;

    /// <summary>Signs <paramref name="data"/>.</summary>
    /// <exception cref="ArgumentException">The key belongs to another algorithm.</exception>
    /// <exception cref="ObjectDisposedException">The key has been erased.</exception>
    public byte[] Sign(Key key, ReadOnlySpan<byte> data)
    {
        byte[] signature = new byte[SignatureSize];
        Sign(key, data, signature);
        return signature;
    }

    /// <summary>Signs <paramref name="data"/> into a buffer of exactly <see cref="SignatureSize"/> bytes.</summary>
    /// <exception cref="ArgumentException">The key belongs to another algorithm, or the buffer has another size.</exception>
    /// <exception cref="ObjectDisposedException">The key has been erased.</exception>
    public void Sign(Key key, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Algorithm != this)
        {
            throw new ArgumentException("The key belongs to another algorithm.", nameof(key));
        }

        if (signature.Length != SignatureSize)
        {
            throw new ArgumentException($"A signature has {SignatureSize} bytes.", nameof(signature));
        }

        SignCore(key, data, signature);
    }

    /// <summary>Whether <paramref name="signature"/> is one of <paramref name="data"/> by the owner of the key.</summary>
    /// <exception cref="ArgumentException">The key belongs to another algorithm.</exception>
    public bool Verify(PublicKey publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(publicKey);
        if (publicKey.Algorithm != this)
        {
            throw new ArgumentException("The key belongs to another algorithm.", nameof(publicKey));
        }

        return signature.Length == SignatureSize && VerifyCore(publicKey.Bytes, data, signature);
    }

    private protected abstract void SignCore(Key key, ReadOnlySpan<byte> data, Span<byte> signature);

    private protected abstract bool VerifyCore(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);
}
