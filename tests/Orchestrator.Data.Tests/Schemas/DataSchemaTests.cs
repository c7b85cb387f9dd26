using Orchestrator.Crypto.Cbor;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Tests.Schemas;

public sealed class DataSchemaTests
{
    private static readonly DataSchema Table = new()
    {
        FeatureType = ElementType.F32,
        Shape = [3],
        Columns = ["a", "b", "c"],
        Label = new LabelSchema.Classes(2, ElementType.U8),
        LabelColumns = ["outcome"],
        ClassNames = ["no", "yes"],
    };

    private static readonly DataSchema Image = new() { FeatureType = ElementType.U8, Shape = [3, 32, 32], Label = new LabelSchema.Regression(2) };

    private static readonly DataSchema Text = new()
    {
        FeatureType = ElementType.I64,
        Shape = [64],
        Label = new LabelSchema.PerPosition(128),
    };

    [Fact]
    public void RecordSize_OfEachKind_IsFeaturesAndLabel()
    {
        Assert.Equal((12, 1, 13), (Table.FeatureBytes, Table.LabelBytes, Table.RecordSize));
        Assert.Equal((3072, 8, 3080), (Image.FeatureBytes, Image.LabelBytes, Image.RecordSize));
        Assert.Equal((512, 512, 1024), (Text.FeatureBytes, Text.LabelBytes, Text.RecordSize));
    }

    [Fact]
    public void Encoding_OfEachKind_ReadsBackAsEqual()
    {
        foreach (var schema in new[] { Table, Image, Text })
        {
            var encoding = schema.ToCbor().Encode();
            var read = DataSchema.Decode(encoding);
            Assert.Equal(schema, read);
            Assert.Equal(encoding, read.ToCbor().Encode());
        }
    }

    [Fact]
    public void Equality_OfSchemasThatDifferInAName_IsFalse()
    {
        Assert.NotEqual(Table, Table with { Columns = ["a", "b", "d"] });
        Assert.NotEqual(Table, Table with { ClassNames = null });
    }

    [Fact]
    public void Validate_OfContradictions_IsRefused()
    {
        DataSchema[] wrong =
        [
            Table with { Shape = [] },
            Table with { Shape = [0] },
            Table with { Shape = [-1] },
            Image with { Shape = [1 << 20, 2] },
            Image with { Shape = [1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20] },
            Text with { Shape = [1 << 20] },
            Table with { Columns = ["a", "b"] },
            Table with { Columns = ["a", "b", "b"] },
            Table with { Columns = ["a", "b", "outcome"] },
            Table with { Shape = [3, 1] },
            Table with { LabelColumns = ["x", "y"] },
            Table with { ClassNames = ["no"] },
            Table with { ClassNames = ["no", "no"] },
            Table with { Label = new LabelSchema.Classes(1) },
            Table with { Label = new LabelSchema.Classes(257, ElementType.U8), ClassNames = null },
            Table with { Label = new LabelSchema.Classes(2, ElementType.F32) },
            Table with { Label = new LabelSchema.Regression(0), ClassNames = null },
        ];
        Assert.All(wrong, schema => ErrorAssert.Throws(DataErrors.Schema, schema.Validate));
    }

    [Theory]
    [InlineData("type", "f64", "data-schema")]
    [InlineData("shape", "3", "cbor-wrong-type")]
    [InlineData("surprise", "x", "cbor-unknown-field")]
    public void Decode_WithOneWrongField_IsRefusedByCode(string key, string value, string code)
    {
        var entries = ((CborMap)Table.ToCbor()).Entries.Where(entry => entry.Key is not CborText text || text.Value != key);
        var encoding = new CborMap(entries.Append((key, value))).Encode();
        Assert.Equal(code, Assert.Throws<OrchestratorException>(() => DataSchema.Decode(encoding)).Code.Id);
    }
}
