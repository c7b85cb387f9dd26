using NSec.Cryptography.Interop;

namespace NSec.Cryptography;

/// <summary>An algorithm by which two parties agree on a secret.</summary>
public abstract class KeyAgreementAlgorithm : Algorithm
{
    private protected KeyAgreementAlgorithm(int privateKeySize, int publicKeySize, int sharedSecretSize)
    {
        PrivateKeySize = privateKeySize;
        PublicKeySize = publicKeySize;
        SharedSecretSize = sharedSecretSize;
    }

    /// <summary>X25519 (RFC 7748).</summary>
    public static X25519 X25519 { get; } = new();

    /// <summary>The size of a private key, in bytes.</summary>
    public int PrivateKeySize { get; }

    /// <summary>The size of a public key, in bytes.</summary>
    public int PublicKeySize { get; }

    /// <summary>The size of a shared secret, in bytes.</summary>
    public int SharedSecretSize { get; }

    internal sealed override int SeedSize => PrivateKeySize;

    internal sealed override int RawPublicKeySize => PublicKeySize;

    /// <summary>The secret that both parties get, or <see langword="null"/> if the other's public key is not a good one.</summary>
    /// <exception cref="ArgumentException">A key belongs to another algorithm.</exception>
    /// <exception cref="ObjectDisposedException">The key has been erased.</exception>
    public SharedSecret? Agree(Key key, PublicKey otherPartyPublicKey, in SharedSecretCreationParameters creationParameters = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(otherPartyPublicKey);
        if (key.Algorithm != this)
        {
            throw new ArgumentException("The key belongs to another algorithm.", nameof(key));
        }

        if (otherPartyPublicKey.Algorithm != this)
        {
            throw new ArgumentException("The key belongs to another algorithm.", nameof(otherPartyPublicKey));
        }

        SecureMemoryHandle? secret = AgreeCore(key, otherPartyPublicKey.Bytes);
        return secret is null ? null : new SharedSecret(secret, in creationParameters);
    }

    private protected abstract SecureMemoryHandle? AgreeCore(Key key, ReadOnlySpan<byte> otherPartyPublicKey);
}
