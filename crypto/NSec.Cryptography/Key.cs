using System.Security.Cryptography;
using NSec.Cryptography.Interop;

namespace NSec.Cryptography;

/// <summary>A private key with its public key. It belongs to one algorithm, lives in secure memory, and is erased on disposal.</summary>
public sealed class Key : IDisposable
{
    private readonly KeyExportPolicies _exportPolicy;
    private readonly SecureMemoryHandle _secret;
    private bool _exported;

    private Key(Algorithm algorithm, ReadOnlySpan<byte> seed, in KeyCreationParameters creationParameters)
    {
        Span<byte> publicKey = stackalloc byte[algorithm.RawPublicKeySize];
        _secret = algorithm.CreateKey(seed, publicKey);
        _exportPolicy = creationParameters.ExportPolicy;
        Algorithm = algorithm;
        PublicKey = new PublicKey(algorithm, publicKey);
    }

    /// <summary>The algorithm that the key belongs to.</summary>
    public Algorithm Algorithm { get; }

    /// <summary>Whether the private key can be exported.</summary>
    public KeyExportPolicies ExportPolicy => _exportPolicy;

    /// <summary>The public key.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>The size of the private key, in bytes.</summary>
    public int Size => Algorithm.SeedSize;

    internal SecureMemoryHandle.Lease Borrow() => _secret.Borrow();

    /// <summary>Makes a new random key.</summary>
    /// <exception cref="NotSupportedException">The algorithm has no keys.</exception>
    public static Key Create(Algorithm algorithm, in KeyCreationParameters creationParameters = default)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        Span<byte> seed = stackalloc byte[algorithm.SeedSize];
        try
        {
            RandomNumberGenerator.Fill(seed);
            return new Key(algorithm, seed, in creationParameters);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>Makes a key from an encoded private key.</summary>
    /// <exception cref="FormatException">The blob has another size.</exception>
    public static Key Import(Algorithm algorithm, ReadOnlySpan<byte> blob, KeyBlobFormat format, in KeyCreationParameters creationParameters = default) =>
        TryImport(algorithm, blob, format, out Key? result, in creationParameters) && result is not null ? result : throw KeyBlob.Invalid();

    /// <summary>Makes a key from an encoded private key, unless the blob has another size.</summary>
    public static bool TryImport(Algorithm algorithm, ReadOnlySpan<byte> blob, KeyBlobFormat format, out Key? result, in KeyCreationParameters creationParameters = default)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        if (format != KeyBlobFormat.RawPrivateKey || algorithm.SeedSize == 0)
        {
            throw KeyBlob.NotSupported(nameof(format));
        }

        result = blob.Length == algorithm.SeedSize ? new Key(algorithm, blob, in creationParameters) : null;
        return result is not null;
    }

    /// <summary>Erases the private key.</summary>
    public void Dispose() => _secret.Dispose();

    /// <summary>Encodes the private key, if the policy allows it, or the public key.</summary>
    /// <exception cref="InvalidOperationException">The policy does not allow it.</exception>
    /// <exception cref="ObjectDisposedException">The private key has been erased.</exception>
    public byte[] Export(KeyBlobFormat format)
    {
        byte[] blob = new byte[GetExportBlobSize(format)];
        TryExport(format, blob, out _);
        return blob;
    }

    /// <summary>The size of what <see cref="Export"/> returns, in bytes.</summary>
    public int GetExportBlobSize(KeyBlobFormat format) => format switch
    {
        KeyBlobFormat.RawPrivateKey => Algorithm.SeedSize,
        KeyBlobFormat.RawPublicKey => Algorithm.RawPublicKeySize,
        _ => throw KeyBlob.NotSupported(nameof(format)),
    };

    /// <summary>As <see cref="Export"/>, into a buffer, unless it is too small; <paramref name="blobSize"/> is the size needed in either case.</summary>
    public bool TryExport(KeyBlobFormat format, Span<byte> blob, out int blobSize)
    {
        blobSize = GetExportBlobSize(format);
        if (format == KeyBlobFormat.RawPublicKey)
        {
            return PublicKey.Bytes.TryCopyTo(blob);
        }

        using SecureMemoryHandle.Lease secret = _secret.Borrow();
        KeyBlob.RequireExport(_exportPolicy, _exported);

        // libsodium's secret key begins with the seed: for X25519 it is the seed, for Ed25519 the public key follows.
        bool fits = secret.Span[..blobSize].TryCopyTo(blob);
        _exported |= fits;
        return fits;
    }

    /// <summary>The name of the type, and nothing of the key.</summary>
    public override string? ToString() => typeof(Key).ToString();
}
