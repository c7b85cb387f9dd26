using System.Collections.Immutable;
using System.Formats.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Cbor;

/// <summary>
/// An immutable CBOR item (RFC 8949) of a kind that this project's formats use. It has exactly one encoding, the
/// deterministic one of RFC 8949 section 4.2.1: shortest integers, lengths and floats, definite lengths, map keys in
/// bytewise order of their encodings. See <c>docs/spec/cbor.md</c>.
/// </summary>
/// <remarks>Two values are equal when their encodings are.</remarks>
public abstract class CborValue : IEquatable<CborValue>
{
    /// <summary>Bytes of an item's head at most: its type, and an argument of 64 bits.</summary>
    private protected const int MaxHeadSize = 9;

    private protected CborValue()
    {
    }

    /// <summary>The item <c>null</c>.</summary>
    public static CborValue Null { get; } = new CborNull();

    /// <summary>The value's only encoding.</summary>
    public byte[] Encode()
    {
        // A writer that grows leaves its smaller buffers, which may hold keys, in memory: this one has room for everything from the start.
        var writer = new CborWriter(CborConformanceMode.Strict, convertIndefiniteLengthEncodings: false, allowMultipleRootLevelValues: false, MaxSize);
        WriteTo(writer);
        byte[] encoding = writer.Encode();

        // Clears the writer's own copy.
        writer.Reset();
        return encoding;
    }

    /// <summary>Zeroes every byte string in the value, which is of no use afterwards: for objects that carry keys.</summary>
    public virtual void Erase()
    {
    }

    /// <summary>Reads exactly one item, and only if <paramref name="encoding"/> is its deterministic encoding.</summary>
    /// <param name="encoding">Untrusted bytes.</param>
    /// <param name="limits"><see langword="null"/> means <see cref="CborLimits.Default"/>.</param>
    /// <exception cref="OrchestratorException"><see cref="CborErrors.Malformed"/>, <see cref="CborErrors.NotCanonical"/>,
    /// <see cref="CborErrors.TooLarge"/> or <see cref="CborErrors.Unsupported"/>.</exception>
    public static CborValue Decode(ReadOnlyMemory<byte> encoding, CborLimits? limits = null) =>
        CborDecoder.Decode(encoding, limits ?? CborLimits.Default);

    /// <summary>This value as the root of an object called <paramref name="name"/> in messages, for typed reading.</summary>
    public CborField As(string name) => new(this, name);

    internal abstract void WriteTo(CborWriter writer);

    /// <summary>Bytes that the encoding has at most.</summary>
    internal virtual int MaxSize => MaxHeadSize;

    /// <inheritdoc/>
    public bool Equals(CborValue? other) =>
        ReferenceEquals(this, other) || (other is not null && Encode().AsSpan().SequenceEqual(other.Encode()));

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => obj is CborValue other && Equals(other);

    /// <inheritdoc/>
    public sealed override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Encode());
        return hash.ToHashCode();
    }

    /// <summary>An integer.</summary>
    public static implicit operator CborValue(long value) => new CborInt(value);

    /// <summary>A text string.</summary>
    public static implicit operator CborValue(string value) => new CborText(value);

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public static implicit operator CborValue(bool value) => new CborBool(value);

    /// <summary>A floating-point number.</summary>
    public static implicit operator CborValue(double value) => new CborFloat(value);

    /// <summary>A byte string; the bytes are copied.</summary>
    public static implicit operator CborValue(byte[] value) => new CborBytes(value);

    /// <inheritdoc cref="op_Implicit(byte[])"/>
    public static implicit operator CborValue(ReadOnlyMemory<byte> value) => new CborBytes(value.Span);

    /// <summary>A byte string of 32 bytes.</summary>
    public static implicit operator CborValue(Digest value) => new CborBytes(value.ToArray());

    /// <summary>An array.</summary>
    public static implicit operator CborValue(ImmutableArray<CborValue> value) => new CborArray(value);
}
