using System.Buffers.Binary;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Files;

/// <summary>Puts numbers into records. What does not fit is answered with a code, to which the reader adds the place.</summary>
internal static class RecordWriter
{
    /// <summary>Largest magnitude below which every whole double is one long.</summary>
    private const double MaxWhole = 1L << 53;

    /// <summary>Writes a real number as element <paramref name="index"/>.</summary>
    public static ErrorCode? Put(Span<byte> elements, ElementType type, int index, double value)
    {
        if (double.IsNaN(value))
        {
            return DataErrors.MissingValue;
        }

        if (type != ElementType.F32)
        {
            return value == Math.Truncate(value) && Math.Abs(value) <= MaxWhole
                ? Put(elements, type, index, (long)value)
                : DataErrors.NotANumber;
        }

        var single = (float)value;
        BinaryPrimitives.WriteSingleLittleEndian(elements[(index * sizeof(float))..], single);
        return float.IsFinite(single) ? null : DataErrors.ValueRange;
    }

    /// <summary>Writes a whole number as element <paramref name="index"/>.</summary>
    public static ErrorCode? Put(Span<byte> elements, ElementType type, int index, long value)
    {
        switch (type)
        {
            case ElementType.F32:
                BinaryPrimitives.WriteSingleLittleEndian(elements[(index * sizeof(float))..], value);
                return null;
            case ElementType.I64:
                BinaryPrimitives.WriteInt64LittleEndian(elements[(index * sizeof(long))..], value);
                return null;
            default:
                elements[index] = unchecked((byte)value);
                return value is >= byte.MinValue and <= byte.MaxValue ? null : DataErrors.ValueRange;
        }
    }

    /// <summary>Writes a class index as label element <paramref name="index"/>.</summary>
    public static ErrorCode? PutClass(Span<byte> labels, LabelSchema label, int index, long value)
    {
        var classes = label switch
        {
            LabelSchema.Classes one => one.Count,
            LabelSchema.PerPosition each => each.Count,
            _ => throw new ArgumentException("no classes", nameof(label)),
        };
        return value >= 0 && value < classes ? Put(labels, label.Type, index, value) : DataErrors.LabelRange;
    }
}
