using NSec.Cryptography.Interop;

namespace NSec.Cryptography;

/// <summary>X25519 (RFC 7748 section 5): keys and secrets of 32 bytes. An all-zero secret, which a public key of small order gives, is none (section 6.1).</summary>
public sealed class X25519 : KeyAgreementAlgorithm
{
    /// <summary>The same as <see cref="KeyAgreementAlgorithm.X25519"/>, as another object.</summary>
    public X25519()
        : base(privateKeySize: 32, publicKeySize: 32, sharedSecretSize: 32)
    {
    }

    internal override SecureMemoryHandle CreateKey(ReadOnlySpan<byte> seed, Span<byte> publicKey)
    {
        SecureMemoryHandle secret = SecureMemoryHandle.Allocate(PrivateKeySize);
        seed.CopyTo(secret.Writable);
        Sodium.Check(Libsodium.crypto_scalarmult_curve25519_base(publicKey, seed));
        return secret.Protect();
    }

    private protected override SecureMemoryHandle? AgreeCore(Key key, ReadOnlySpan<byte> otherPartyPublicKey)
    {
        using SecureMemoryHandle.Lease secret = key.Borrow();
        SecureMemoryHandle shared = SecureMemoryHandle.Allocate(SharedSecretSize);
        if (Libsodium.crypto_scalarmult_curve25519(shared.Writable, secret.Span, otherPartyPublicKey) == 0)
        {
            return shared.Protect();
        }

        shared.Dispose();
        return null;
    }
}
