using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Crypto.Cbor;

/// <summary>An integer from -2^63 to 2^63 - 1 (major types 0 and 1; the rest of their range is unsupported).</summary>
public sealed class CborInt(long value) : CborValue
{
    /// <summary>The integer.</summary>
    public long Value { get; } = value;

    internal override void WriteTo(CborWriter writer) => writer.WriteInt64(Value);
}

/// <summary>A byte string (major type 2).</summary>
public sealed class CborBytes(ReadOnlySpan<byte> value) : CborValue
{
    // Pinned, so that Erase leaves no copy behind.
    private readonly byte[] _value = Pinned(value);

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Value => _value;

    /// <inheritdoc/>
    public override void Erase() => CryptographicOperations.ZeroMemory(_value);

    internal override int MaxSize => MaxHeadSize + _value.Length;

    internal override void WriteTo(CborWriter writer) => writer.WriteByteString(Value.Span);

    private static byte[] Pinned(ReadOnlySpan<byte> value)
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(value.Length, pinned: true);
        value.CopyTo(copy);
        return copy;
    }
}

/// <summary>A text string (major type 3).</summary>
public sealed class CborText : CborValue
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Creates the string.</summary>
    /// <exception cref="ArgumentException"><paramref name="value"/> has a lone surrogate, for which UTF-8 has no encoding.</exception>
    public CborText(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        StrictUtf8.GetByteCount(value);
        Value = value;
    }

    /// <summary>The text.</summary>
    public string Value { get; }

    internal override int MaxSize => MaxHeadSize + StrictUtf8.GetByteCount(Value);

    internal override void WriteTo(CborWriter writer) => writer.WriteTextString(Value);
}

/// <summary><c>true</c> or <c>false</c>.</summary>
public sealed class CborBool(bool value) : CborValue
{
    /// <summary>The truth value.</summary>
    public bool Value { get; } = value;

    internal override void WriteTo(CborWriter writer) => writer.WriteBoolean(Value);
}

/// <summary><c>null</c>.</summary>
public sealed class CborNull : CborValue
{
    internal CborNull()
    {
    }

    internal override void WriteTo(CborWriter writer) => writer.WriteNull();
}

/// <summary>A floating-point number, encoded in the shortest of 16, 32 and 64 bits that keeps its value; NaN has one encoding.</summary>
public sealed class CborFloat(double value) : CborValue
{
    private static readonly byte[] CanonicalNaN = [0xf9, 0x7e, 0x00];

    /// <summary>The number.</summary>
    public double Value { get; } = value;

    internal override void WriteTo(CborWriter writer)
    {
        if (double.IsNaN(Value))
        {
            writer.WriteEncodedValue(CanonicalNaN);
        }
        else if ((double)(Half)Value == Value)
        {
            writer.WriteHalf((Half)Value);
        }
        else if ((double)(float)Value == Value)
        {
            writer.WriteSingle((float)Value);
        }
        else
        {
            writer.WriteDouble(Value);
        }
    }
}
