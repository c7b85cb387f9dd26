using System.Diagnostics.CodeAnalysis;
using NSec.Cryptography;

namespace Orchestrator.Crypto.HybridEncryption;

/// <summary>An X25519 public key (RFC 7748) for <see cref="Hpke"/>: 32 bytes, written as 64 lower-case hexadecimal digits.</summary>
public sealed class HpkePublicKey : IEquatable<HpkePublicKey>
{
    /// <summary>The size in bytes.</summary>
    public const int Size = 32;

    internal HpkePublicKey(PublicKey key) => Key = key;

    internal PublicKey Key { get; }

    /// <summary>Takes over 32 bytes. Whether they are a good key shows when something is sealed to it.</summary>
    /// <exception cref="ArgumentException"><paramref name="publicKey"/> has another length.</exception>
    public static HpkePublicKey Import(ReadOnlySpan<byte> publicKey) =>
        TryImport(publicKey, out HpkePublicKey? key) ? key : throw new ArgumentException($"The key has {Size} bytes.", nameof(publicKey));

    /// <summary>As <see cref="Import"/>, for bytes from a stranger.</summary>
    public static bool TryImport(ReadOnlySpan<byte> publicKey, [NotNullWhen(true)] out HpkePublicKey? key)
    {
        PublicKey.TryImport(KeyAgreementAlgorithm.X25519, publicKey, KeyBlobFormat.RawPublicKey, out PublicKey? imported);
        key = imported is null ? null : new HpkePublicKey(imported);
        return key is not null;
    }

    /// <summary>The 32 bytes in a new array.</summary>
    public byte[] ToArray() => Key.Export(KeyBlobFormat.RawPublicKey);

    /// <inheritdoc/>
    public bool Equals(HpkePublicKey? other) => other is not null && Key.Equals(other.Key);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as HpkePublicKey);

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode();

    /// <summary>The 64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());
}
