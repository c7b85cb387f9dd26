using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Orchestrator.Crypto;

/// <summary>A SHA-256 digest (FIPS 180-4): 32 bytes, written as 64 lower-case hexadecimal digits.</summary>
/// <remarks>The default value is 32 zero bytes, which no known input hashes to. Comparison takes the same time whatever differs.</remarks>
public readonly struct Digest : IEquatable<Digest>, IComparable<Digest>
{
    /// <summary>The size in bytes.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    [InlineArray(Size)]
    private struct Storage
    {
        private byte _first;
    }

    private readonly Storage _bytes;

    /// <summary>Takes over a digest that was computed elsewhere.</summary>
    /// <param name="bytes">32 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> has another length.</exception>
    public Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A digest has {Size} bytes.", nameof(bytes));
        }

        bytes.CopyTo(_bytes);
    }

    /// <summary>The digest of <paramref name="data"/>.</summary>
    public static Digest Of(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(data, hash);
        return new Digest(hash);
    }

    /// <summary>Reads 64 lower-case hexadecimal digits.</summary>
    /// <exception cref="FormatException"><paramref name="text"/> is anything else.</exception>
    public static Digest Parse(string text) =>
        TryParse(text, out Digest digest) ? digest : throw new FormatException("A digest is 64 lower-case hexadecimal digits.");

    /// <summary>Reads 64 lower-case hexadecimal digits; each digest has this one spelling.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        if (text is null || text.Length != 2 * Size || text.AsSpan().ContainsAnyExcept("0123456789abcdef"))
        {
            return false;
        }

        digest = new Digest(Convert.FromHexString(text));
        return true;
    }

    /// <summary>Writes the 32 bytes.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter.</exception>
    public void CopyTo(Span<byte> destination) => ((ReadOnlySpan<byte>)_bytes).CopyTo(destination);

    /// <summary>The 32 bytes in a new array.</summary>
    public byte[] ToArray() => ((ReadOnlySpan<byte>)_bytes).ToArray();

    /// <inheritdoc/>
    public bool Equals(Digest other) => CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => BitConverter.ToInt32(_bytes);

    /// <summary>Orders as the bytes do, first byte first.</summary>
    public int CompareTo(Digest other) => ((ReadOnlySpan<byte>)_bytes).SequenceCompareTo(other._bytes);

    /// <summary>The 64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(_bytes);

    /// <inheritdoc cref="Equals(Digest)"/>
    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    /// <inheritdoc cref="Equals(Digest)"/>
    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);
}
