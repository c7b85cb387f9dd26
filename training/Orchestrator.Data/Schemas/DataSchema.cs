using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Data.Schemas;

/// <summary>
/// Layout of a stream's records: feature elements in row-major order, then label elements, little endian, no padding.
/// A batch of N records gives the program a tensor of <see cref="FeatureType"/> and shape [N, <see cref="Shape"/>...].
/// Specified in docs/spec/records.md.
/// </summary>
public sealed record DataSchema
{
    /// <summary>Most elements of one record's features or label.</summary>
    public const int MaxElements = 1 << 20;

    /// <summary>Most bytes of one record.</summary>
    public const int MaxRecordSize = 1 << 20;

    /// <summary>Type of a feature element; the program gets a tensor of exactly this type.</summary>
    public required ElementType FeatureType { get; init; }

    /// <summary>Shape of one record's features, without the batch dimension: 1 to 8 dimensions, each at least 1.</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>What is learned.</summary>
    public required LabelSchema Label { get; init; }

    /// <summary>Names of the features, one an element, for one-dimensional shapes; null when they have none.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>Names of the columns that hold the label's elements in tables with a header; null when records come from elsewhere.</summary>
    public IReadOnlyList<string>? LabelColumns { get; init; }

    /// <summary>Names of the classes in index order; null when they have none.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>Elements of one record's features.</summary>
    public int FeatureCount => Shape.Aggregate(1, (product, extent) => product * extent);

    /// <summary>Elements of one record's label.</summary>
    public int LabelCount => Label switch
    {
        LabelSchema.Regression regression => regression.Outputs,
        LabelSchema.PerPosition => FeatureCount,
        _ => 1,
    };

    /// <summary>Bytes of one record's features; the label starts there.</summary>
    public int FeatureBytes => FeatureCount * FeatureType.Size();

    /// <summary>Bytes of one record's label.</summary>
    public int LabelBytes => LabelCount * Label.Type.Size();

    /// <summary>Bytes of one record.</summary>
    public int RecordSize => FeatureBytes + LabelBytes;

    /// <summary>The schema's CBOR form.</summary>
    public CborValue ToCbor() => SchemaCodec.Write(this);

    /// <summary>Reads a schema, and only one within its limits.</summary>
    /// <exception cref="OrchestratorException"><see cref="DataErrors.Schema"/> or a <c>cbor-*</c> code, naming the field.</exception>
    public static DataSchema FromCbor(CborField field) => SchemaCodec.Read(field);

    /// <summary>Reads the encoded form, as a sealed stream's header carries it.</summary>
    /// <inheritdoc cref="FromCbor" path="/exception"/>
    public static DataSchema Decode(ReadOnlyMemory<byte> encoding) => FromCbor(CborValue.Decode(encoding).As("schema"));

    /// <summary>Checks the limits of a schema that was made in code.</summary>
    /// <inheritdoc cref="FromCbor" path="/exception"/>
    public void Validate() => FromCbor(ToCbor().As("schema"));

    /// <summary>Equal when all parts are, names included.</summary>
    public bool Equals(DataSchema? other) => other is not null && ToCbor().Equals(other.ToCbor());

    /// <inheritdoc/>
    public override int GetHashCode() => ToCbor().GetHashCode();
}
