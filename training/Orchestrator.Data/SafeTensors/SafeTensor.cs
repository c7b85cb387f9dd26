namespace Orchestrator.Data.SafeTensors;

/// <summary>Element types of the safetensors format that are used here, by its names.</summary>
public enum SafeTensorType
{
    /// <summary>Truth values, one byte each.</summary>
    Bool,

    /// <summary>Unsigned 8 bits.</summary>
    U8,

    /// <summary>Signed 8 bits.</summary>
    I8,

    /// <summary>Signed 16 bits.</summary>
    I16,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>The upper half of a binary32.</summary>
    BF16,

    /// <summary>Signed 32 bits.</summary>
    I32,

    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>Signed 64 bits.</summary>
    I64,

    /// <summary>IEEE 754 binary64.</summary>
    F64,
}

/// <summary>A named tensor: elements in row-major order, little endian.</summary>
/// <param name="Name">Any text but <c>__metadata__</c>; a module's parameters are called as in its state dictionary.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Extents; empty for a scalar.</param>
/// <param name="Data">As many bytes as type and shape say.</param>
public sealed record SafeTensor(string Name, SafeTensorType Type, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Data)
{
    /// <summary>Bytes of one element.</summary>
    public static int ElementSize(SafeTensorType type) => type switch
    {
        SafeTensorType.Bool or SafeTensorType.U8 or SafeTensorType.I8 => 1,
        SafeTensorType.I16 or SafeTensorType.F16 or SafeTensorType.BF16 => 2,
        SafeTensorType.I32 or SafeTensorType.F32 => 4,
        SafeTensorType.I64 or SafeTensorType.F64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Bytes that a type and shape need; null if no file can hold them.</summary>
    internal static long? SizeOf(SafeTensorType type, IEnumerable<long> shape)
    {
        var size = (UInt128)ElementSize(type);
        foreach (var extent in shape)
        {
            if (extent < 0)
            {
                return null;
            }

            // Held below 2^63, so that the next product fits 128 bits.
            size = UInt128.Min(size, long.MaxValue) * (ulong)extent;
        }

        return size <= long.MaxValue ? (long)size : null;
    }
}
