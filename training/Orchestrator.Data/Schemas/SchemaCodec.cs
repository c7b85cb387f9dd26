using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Data.Schemas;

/// <summary>A schema's CBOR form, both ways, with its limits; docs/spec/records.md.</summary>
internal static class SchemaCodec
{
    private const int MaxDimensions = 8;
    private const int MaxClasses = 1 << 20;
    private const int MaxNameLength = 256;

    private static readonly (string Name, ElementType Type)[] Types =
        [("f32", ElementType.F32), ("i64", ElementType.I64), ("u8", ElementType.U8)];

    public static CborValue Write(DataSchema schema) => CborMap.Of(
        ("type", NameOf(schema.FeatureType)),
        ("shape", new CborArray(schema.Shape.Select(extent => (CborValue)extent))),
        ("columns", Names(schema.Columns)),
        ("label", Write(schema.Label)),
        ("label_columns", Names(schema.LabelColumns)),
        ("class_names", Names(schema.ClassNames)));

    public static DataSchema Read(CborField field) => field.ReadMap(map =>
    {
        var schema = new DataSchema
        {
            FeatureType = TypeOf(map.Required("type")),
            Shape = [.. map.Required("shape").AsArray(MaxDimensions).Select(extent => Int32(extent, 1, DataSchema.MaxElements))],
            Columns = Names(map.Optional("columns"), DataSchema.MaxElements),
            Label = ReadLabel(map.Required("label")),
            LabelColumns = Names(map.Optional("label_columns"), DataSchema.MaxElements),
            ClassNames = Names(map.Optional("class_names"), MaxClasses),
        };
        Check(schema, field);
        return schema;
    });

    private static void Check(DataSchema schema, CborField field)
    {
        var elements = schema.Shape.Aggregate(1L, (product, extent) => Math.Min(product * extent, long.MaxValue >> 24));
        var (classes, type) = schema.Label switch
        {
            LabelSchema.Classes label => (label.Count, label.IndexType),
            LabelSchema.PerPosition label => (label.Count, label.IndexType),
            _ => (0, ElementType.F32),
        };
        var finding =
            schema.Shape.Count == 0 ? "shape has no dimension"
            : elements > DataSchema.MaxElements ? $"shape has more than {DataSchema.MaxElements} elements"
            : schema.RecordSize > DataSchema.MaxRecordSize ? $"records are larger than {DataSchema.MaxRecordSize} bytes"
            : type == ElementType.U8 && classes > 256 ? "u8 labels hold at most 256 classes"
            : schema.Columns is { } columns && (schema.Shape.Count != 1 || columns.Count != elements)
                ? "columns do not name each element of a one-dimensional shape"
            : schema.LabelColumns is { } labels && labels.Count != schema.LabelCount ? "label_columns do not name each element of the label"
            : schema.ClassNames is { } names && names.Count != classes ? "class_names do not name each class"
            : Repeats([.. schema.Columns ?? [], .. schema.LabelColumns ?? []]) || Repeats(schema.ClassNames ?? []) ? "a name occurs twice"
            : null;
        if (finding is not null)
        {
            throw Wrong(field, finding);
        }
    }

    private static bool Repeats(IReadOnlyList<string> names) =>
        names.Distinct(StringComparer.Ordinal).Count() != names.Count;

    private static CborMap Write(LabelSchema label) => label switch
    {
        LabelSchema.Classes classes => CborMap.Of(("kind", "classes"), ("type", NameOf(classes.IndexType)), ("count", classes.Count)),
        LabelSchema.PerPosition each => CborMap.Of(("kind", "per_position"), ("type", NameOf(each.IndexType)), ("count", each.Count)),
        LabelSchema.Regression regression => CborMap.Of(("kind", "regression"), ("count", regression.Outputs)),
        _ => throw new ArgumentException("unknown label", nameof(label)),
    };

    private static LabelSchema ReadLabel(CborField field) => field.ReadMap<LabelSchema>(map =>
    {
        var kind = map.Required("kind");
        var count = map.Required("count");
        return kind.AsText(16) switch
        {
            "classes" => new LabelSchema.Classes(Int32(count, 2, MaxClasses), IndexType(map.Required("type"))),
            "per_position" => new LabelSchema.PerPosition(Int32(count, 2, MaxClasses), IndexType(map.Required("type"))),
            "regression" => new LabelSchema.Regression(Int32(count, 1, DataSchema.MaxElements)),
            _ => throw Wrong(kind, "is not one of classes, per_position, regression"),
        };
    });

    private static ElementType IndexType(CborField field) =>
        TypeOf(field) is not ElementType.F32 and var type ? type : throw Wrong(field, "is f32, but a class index is i64 or u8");

    private static string NameOf(ElementType type) => Types.First(entry => entry.Type == type).Name;

    private static ElementType TypeOf(CborField field)
    {
        var name = field.AsText(16);
        var found = Array.FindIndex(Types, entry => entry.Name == name);
        return found >= 0 ? Types[found].Type : throw Wrong(field, "is not one of f32, i64, u8");
    }

    private static CborArray? Names(IReadOnlyList<string>? names) =>
        names is null ? null : new CborArray(names.Select(name => (CborValue)name));

    private static string[]? Names(CborField? field, int max) =>
        field is { } names ? [.. names.AsArray(max).Select(name => name.AsText(MaxNameLength))] : null;

    private static int Int32(CborField field, int min, int max)
    {
        var value = field.AsInt64();
        return value >= min && value <= max ? (int)value : throw Wrong(field, $"is {value}, not from {min} to {max}");
    }

    private static OrchestratorException Wrong(CborField field, string finding) =>
        new(DataErrors.Schema, $"{field.Path}: {finding}.");
}
