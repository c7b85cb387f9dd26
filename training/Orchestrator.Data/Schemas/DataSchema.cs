namespace Orchestrator.Data.Schemas;

/// <summary>
/// Layout of a stream's records: feature elements in row-major order, then label elements, little endian, no padding.
/// A batch of N records gives the program a tensor of <see cref="FeatureType"/> and shape [N, <see cref="Shape"/>...].
/// Specified in docs/spec/records.md.
/// </summary>
public sealed record DataSchema
{
    /// <summary>Type of a feature element; the program gets a tensor of exactly this type.</summary>
    public required ElementType FeatureType { get; init; }

    /// <summary>Shape of one record's features, without the batch dimension: 1 to 8 dimensions, each at least 1.</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>What is learned.</summary>
    public required LabelSchema Label { get; init; }

    /// <summary>Names of the features, one an element, for one-dimensional shapes; null when they have none.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

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
}
