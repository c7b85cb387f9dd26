using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>Reads how records look from a YAML file: <c>schema.yaml</c>, docs/spec/job-file.md.</summary>
public static class SchemaFile
{
    private const string Format = "orchestrator/schema/v1";
    private const int MaxExtent = 1 << 24;
    private const int MaxClasses = 1 << 20;

    /// <summary>Reads a schema file.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="YamlErrors"/>, <c>data-schema</c>, or the file cannot be read.</exception>
    public static DataSchema Read(string path) => Read(YamlDocument.Read(path));

    /// <summary>Reads a schema from a text, e.g. in a notebook.</summary>
    /// <exception cref="OrchestratorException">As <see cref="Read(string)"/>.</exception>
    public static DataSchema Parse(string yaml) => Read(YamlDocument.Parse(yaml, "schema.yaml"));

    private static DataSchema Read(YamlValue document) => document.AsMap(map =>
    {
        map.Required("format").AsChoice((Format, true));
        DataSchema schema = map.Required("features").AsMap(features => map.Required("label").AsMap(label => new DataSchema
        {
            FeatureType = features.Required("type").AsChoice(("f32", ElementType.F32), ("i64", ElementType.I64), ("u8", ElementType.U8)),
            Shape = [.. features.Required("shape").AsList(item => item.AsInteger(1, MaxExtent), maxCount: 8)],
            Columns = features.Optional("columns")?.AsList(item => item.AsText(), maxCount: 1 << 16),
            Label = Label(label),
            LabelColumns = label.Optional("columns")?.AsList(item => item.AsText(), maxCount: 1 << 16),
            ClassNames = label.Optional("names")?.AsList(item => item.AsText(), maxCount: MaxClasses),
        }));
        schema.Validate();
        return schema;
    });

    private static LabelSchema Label(YamlMap map)
    {
        ElementType type = map.Optional("type")?.AsChoice(("i64", ElementType.I64), ("u8", ElementType.U8)) ?? ElementType.I64;
        return (map.Optional("classes"), map.Optional("per_position"), map.Optional("regression")) switch
        {
            ({ } classes, null, null) => new LabelSchema.Classes(classes.AsInteger(2, MaxClasses), type),
            (null, { } classes, null) => new LabelSchema.PerPosition(classes.AsInteger(2, MaxClasses), type),
            (null, null, { } outputs) => new LabelSchema.Regression(outputs.AsInteger(1, MaxClasses)),
            _ => throw map.Bad("has not exactly one of classes, per_position, regression"),
        };
    }
}
