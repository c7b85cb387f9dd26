using NSec.Cryptography.Interop;

namespace NSec.Cryptography;

/// <summary>
/// Ed25519 (RFC 8032 section 5.1): keys of 32 bytes, signatures of 64. Verification refuses, as libsodium does, signatures
/// whose scalar is not reduced and points that are not canonical or of small order.
/// </summary>
public sealed class Ed25519 : SignatureAlgorithm
{
    /// <summary>libsodium's secret key is the seed followed by the public key.</summary>
    private const int SecretKeySize = 64;

    /// <summary>The same as <see cref="SignatureAlgorithm.Ed25519"/>, as another object.</summary>
    public Ed25519()
        : base(privateKeySize: 32, publicKeySize: 32, signatureSize: 64)
    {
    }

    internal override SecureMemoryHandle CreateKey(ReadOnlySpan<byte> seed, Span<byte> publicKey)
    {
        SecureMemoryHandle secret = SecureMemoryHandle.Allocate(SecretKeySize);
        Sodium.Check(Libsodium.crypto_sign_seed_keypair(publicKey, secret.Writable, seed));
        return secret.Protect();
    }

    private protected override void SignCore(Key key, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        using SecureMemoryHandle.Lease secret = key.Borrow();
        Sodium.Check(Libsodium.crypto_sign_detached(signature, 0, data, (ulong)data.Length, secret.Span));
    }

    private protected override bool VerifyCore(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        Libsodium.crypto_sign_verify_detached(signature, data, (ulong)data.Length, publicKey) == 0;
}
