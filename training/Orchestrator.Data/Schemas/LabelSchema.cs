namespace Orchestrator.Data.Schemas;

/// <summary>What a record's label is. Class indices count from 0.</summary>
public abstract record LabelSchema
{
    private LabelSchema()
    {
    }

    /// <summary>Type of each label element.</summary>
    public abstract ElementType Type { get; }

    /// <summary>One class index.</summary>
    /// <param name="Count">Number of classes, 2 to 2^20; with u8 elements at most 256.</param>
    /// <param name="IndexType">I64 or U8.</param>
    public sealed record Classes(int Count, ElementType IndexType = ElementType.I64) : LabelSchema
    {
        /// <inheritdoc/>
        public override ElementType Type => IndexType;
    }

    /// <summary>Real targets, f32.</summary>
    /// <param name="Outputs">Number of targets of one record, 1 to 2^20.</param>
    public sealed record Regression(int Outputs) : LabelSchema
    {
        /// <inheritdoc/>
        public override ElementType Type => ElementType.F32;
    }

    /// <summary>One class index for every feature element: label and features have one shape (the next token of a text).</summary>
    /// <param name="Count">Number of classes, 2 to 2^20; with u8 elements at most 256.</param>
    /// <param name="IndexType">I64 or U8.</param>
    public sealed record PerPosition(int Count, ElementType IndexType = ElementType.I64) : LabelSchema
    {
        /// <inheritdoc/>
        public override ElementType Type => IndexType;
    }
}
