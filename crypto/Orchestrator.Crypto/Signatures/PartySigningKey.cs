using NSec.Cryptography;

namespace Orchestrator.Crypto.Signatures;

/// <summary>An Ed25519 private key (RFC 8032). It lives in locked memory, prints nothing, and is erased on disposal. Safe for concurrent use.</summary>
public sealed class PartySigningKey : IDisposable
{
    /// <summary>The size of an exported private key, in bytes.</summary>
    public const int Size = 32;

    private static readonly Ed25519 Algorithm = SignatureAlgorithm.Ed25519;
    private readonly Key _key;

    private PartySigningKey(Key key)
    {
        _key = key;
        VerificationKey = new VerificationKey(key.PublicKey);
    }

    /// <summary>The public key that verifies what this one signs.</summary>
    public VerificationKey VerificationKey { get; }

    /// <summary>Makes a new random key.</summary>
    public static PartySigningKey Generate() => new(Key.Create(Algorithm, Exportable));

    /// <summary>Takes over an exported key.</summary>
    /// <param name="privateKey">32 bytes, the seed of RFC 8032; the caller erases them.</param>
    /// <exception cref="ArgumentException"><paramref name="privateKey"/> has another length.</exception>
    public static PartySigningKey Import(ReadOnlySpan<byte> privateKey)
    {
        if (privateKey.Length != Size)
        {
            throw new ArgumentException($"The key has {Size} bytes.", nameof(privateKey));
        }

        return new PartySigningKey(Key.Import(Algorithm, privateKey, KeyBlobFormat.RawPrivateKey, Exportable));
    }

    /// <summary>Writes the private key, for a key store that encrypts it.</summary>
    /// <param name="destination">32 bytes; the caller erases them.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    /// <exception cref="ObjectDisposedException">The key has been erased.</exception>
    public void Export(Span<byte> destination)
    {
        if (destination.Length != Size || !_key.TryExport(KeyBlobFormat.RawPrivateKey, destination, out _))
        {
            throw new ArgumentException($"The key has {Size} bytes.", nameof(destination));
        }
    }

    /// <summary>Signs <paramref name="message"/>; the same message gets the same signature.</summary>
    /// <returns>64 bytes.</returns>
    /// <exception cref="ObjectDisposedException">The key has been erased.</exception>
    public byte[] Sign(ReadOnlySpan<byte> message) => Algorithm.Sign(_key, message);

    /// <summary>Erases the key.</summary>
    public void Dispose() => _key.Dispose();

    /// <summary>The name of the type, and nothing of the key.</summary>
    public override string ToString() => nameof(PartySigningKey);

    private static KeyCreationParameters Exportable => new() { ExportPolicy = KeyExportPolicies.AllowPlaintextExport };
}
