namespace Orchestrator.Data.Schemas;

/// <summary>Type of a number in a record, little endian.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32, 4 bytes.</summary>
    F32,

    /// <summary>Signed, 8 bytes.</summary>
    I64,

    /// <summary>Unsigned, 1 byte.</summary>
    U8,
}

/// <summary>Sizes of element types.</summary>
public static class ElementTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.F32 => sizeof(float),
        ElementType.I64 => sizeof(long),
        ElementType.U8 => sizeof(byte),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
