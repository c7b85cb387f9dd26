using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Orchestrator.Attestation;

/// <summary>A SHA-384 digest (FIPS 180-4) that names firmware or a key: 48 bytes, written as 96 lower-case hexadecimal digits.</summary>
/// <remarks>SHA-384 matches the strength of the P-384 keys that sign over it.</remarks>
public readonly struct Measurement : IEquatable<Measurement>
{
    /// <summary>The size in bytes.</summary>
    public const int Size = SHA384.HashSizeInBytes;

    [InlineArray(Size)]
    private struct Storage
    {
        private byte _first;
    }

    private readonly Storage _bytes;

    /// <summary>Takes over a digest that was computed elsewhere.</summary>
    /// <param name="bytes">48 bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> has another length.</exception>
    public Measurement(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A measurement has {Size} bytes.", nameof(bytes));
        }

        bytes.CopyTo(_bytes);
    }

    /// <summary>The measurement of <paramref name="data"/>.</summary>
    public static Measurement Of(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA384.HashData(data, hash);
        return new Measurement(hash);
    }

    /// <summary>Reads 96 lower-case hexadecimal digits.</summary>
    /// <exception cref="FormatException"><paramref name="text"/> is anything else.</exception>
    public static Measurement Parse(string text) => TryParse(text, out Measurement measurement)
        ? measurement
        : throw new FormatException("A measurement is 96 lower-case hexadecimal digits.");

    /// <summary>Reads 96 lower-case hexadecimal digits; each measurement has this one spelling.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Measurement measurement)
    {
        measurement = default;
        if (text is null || text.Length != 2 * Size || text.AsSpan().ContainsAnyExcept("0123456789abcdef"))
        {
            return false;
        }

        measurement = new Measurement(Convert.FromHexString(text));
        return true;
    }

    /// <summary>Writes the 48 bytes.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter.</exception>
    public void CopyTo(Span<byte> destination) => ((ReadOnlySpan<byte>)_bytes).CopyTo(destination);

    /// <summary>The 48 bytes in a new array.</summary>
    public byte[] ToArray() => ((ReadOnlySpan<byte>)_bytes).ToArray();

    /// <inheritdoc/>
    public bool Equals(Measurement other) => CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Measurement other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => BitConverter.ToInt32(_bytes);

    /// <summary>The 96 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(_bytes);

    /// <inheritdoc cref="Equals(Measurement)"/>
    public static bool operator ==(Measurement left, Measurement right) => left.Equals(right);

    /// <inheritdoc cref="Equals(Measurement)"/>
    public static bool operator !=(Measurement left, Measurement right) => !left.Equals(right);
}
