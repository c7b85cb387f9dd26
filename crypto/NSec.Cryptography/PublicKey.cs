namespace NSec.Cryptography;

/// <summary>A public key. It belongs to one algorithm.</summary>
public sealed class PublicKey : IEquatable<PublicKey>
{
    private readonly byte[] _bytes;

    internal PublicKey(Algorithm algorithm, ReadOnlySpan<byte> bytes)
    {
        Algorithm = algorithm;
        _bytes = bytes.ToArray();
    }

    /// <summary>The algorithm that the key belongs to.</summary>
    public Algorithm Algorithm { get; }

    /// <summary>The size of the key, in bytes.</summary>
    public int Size => _bytes.Length;

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Makes a key from its encoding. Whether it is a good point shows when it is used.</summary>
    /// <exception cref="FormatException">The blob has another size.</exception>
    public static PublicKey Import(Algorithm algorithm, ReadOnlySpan<byte> blob, KeyBlobFormat format) =>
        TryImport(algorithm, blob, format, out PublicKey? result) && result is not null ? result : throw KeyBlob.Invalid();

    /// <summary>Makes a key from its encoding, unless the blob has another size.</summary>
    public static bool TryImport(Algorithm algorithm, ReadOnlySpan<byte> blob, KeyBlobFormat format, out PublicKey? result)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        if (format != KeyBlobFormat.RawPublicKey || algorithm.RawPublicKeySize == 0)
        {
            throw KeyBlob.NotSupported(nameof(format));
        }

        result = blob.Length == algorithm.RawPublicKeySize ? new PublicKey(algorithm, blob) : null;
        return result is not null;
    }

    /// <summary>Encodes the key.</summary>
    public byte[] Export(KeyBlobFormat format) =>
        format == KeyBlobFormat.RawPublicKey ? [.. _bytes] : throw KeyBlob.NotSupported(nameof(format));

    /// <summary>Whether both are the same key of the same algorithm.</summary>
    public bool Equals(PublicKey? other) =>
        other is not null && other.Algorithm == Algorithm && other._bytes.AsSpan().SequenceEqual(_bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    /// <summary>The name of the type.</summary>
    public override string ToString() => typeof(PublicKey).ToString();
}
