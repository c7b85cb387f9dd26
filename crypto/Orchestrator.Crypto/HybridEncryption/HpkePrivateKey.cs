using NSec.Cryptography;

namespace Orchestrator.Crypto.HybridEncryption;

/// <summary>An X25519 private key (RFC 7748) for <see cref="Hpke"/>. It lives in locked memory, prints nothing, and is erased on disposal. Safe for concurrent use.</summary>
public sealed class HpkePrivateKey : IDisposable
{
    /// <summary>The size of an exported private key, in bytes.</summary>
    public const int Size = 32;

    private static readonly X25519 Algorithm = KeyAgreementAlgorithm.X25519;

    private HpkePrivateKey(Key key)
    {
        Key = key;
        PublicKey = new HpkePublicKey(key.PublicKey);
    }

    /// <summary>The key to which others seal.</summary>
    public HpkePublicKey PublicKey { get; }

    internal Key Key { get; }

    /// <summary>Makes a new random key.</summary>
    public static HpkePrivateKey Generate() => new(Key.Create(Algorithm, Exportable));

    /// <summary>Takes over an exported key.</summary>
    /// <param name="privateKey">32 bytes; the caller erases them.</param>
    /// <exception cref="ArgumentException"><paramref name="privateKey"/> has another length.</exception>
    public static HpkePrivateKey Import(ReadOnlySpan<byte> privateKey)
    {
        if (privateKey.Length != Size)
        {
            throw new ArgumentException($"The key has {Size} bytes.", nameof(privateKey));
        }

        return new HpkePrivateKey(Key.Import(Algorithm, privateKey, KeyBlobFormat.RawPrivateKey, Exportable));
    }

    /// <summary>Writes the private key, for a key store that encrypts it.</summary>
    /// <param name="destination">32 bytes; the caller erases them.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    /// <exception cref="ObjectDisposedException">The key has been erased.</exception>
    public void Export(Span<byte> destination)
    {
        if (destination.Length != Size || !Key.TryExport(KeyBlobFormat.RawPrivateKey, destination, out _))
        {
            throw new ArgumentException($"The key has {Size} bytes.", nameof(destination));
        }
    }

    /// <summary>Erases the key.</summary>
    public void Dispose() => Key.Dispose();

    /// <summary>The name of the type, and nothing of the key.</summary>
    public override string ToString() => nameof(HpkePrivateKey);

    private static KeyCreationParameters Exportable => new() { ExportPolicy = KeyExportPolicies.AllowPlaintextExport };
}
