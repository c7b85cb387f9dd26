using System.Diagnostics.CodeAnalysis;
using NSec.Cryptography;

namespace Orchestrator.Crypto.Signatures;

/// <summary>An Ed25519 public key (RFC 8032): 32 bytes, written as 64 lower-case hexadecimal digits.</summary>
public sealed class VerificationKey : IEquatable<VerificationKey>
{
    /// <summary>The size in bytes.</summary>
    public const int Size = 32;

    private readonly PublicKey _key;

    internal VerificationKey(PublicKey key) => _key = key;

    /// <summary>Takes over 32 bytes. A point that is none, or of small order, is taken, too; it verifies nothing.</summary>
    /// <exception cref="ArgumentException"><paramref name="publicKey"/> has another length.</exception>
    public static VerificationKey Import(ReadOnlySpan<byte> publicKey) =>
        TryImport(publicKey, out VerificationKey? key) ? key : throw new ArgumentException($"The key has {Size} bytes.", nameof(publicKey));

    /// <summary>As <see cref="Import"/>, for bytes from a stranger.</summary>
    public static bool TryImport(ReadOnlySpan<byte> publicKey, [NotNullWhen(true)] out VerificationKey? key)
    {
        PublicKey.TryImport(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey, out PublicKey? imported);
        key = imported is null ? null : new VerificationKey(imported);
        return key is not null;
    }

    /// <summary>Whether <paramref name="signature"/> is one of <paramref name="message"/> by the owner of the private key.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        SignatureAlgorithm.Ed25519.Verify(_key, message, signature);

    /// <summary>The 32 bytes in a new array.</summary>
    public byte[] ToArray() => _key.Export(KeyBlobFormat.RawPublicKey);

    /// <inheritdoc/>
    public bool Equals(VerificationKey? other) => other is not null && _key.Equals(other._key);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VerificationKey);

    /// <inheritdoc/>
    public override int GetHashCode() => _key.GetHashCode();

    /// <summary>The 64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());
}
