using System.Buffers.Binary;
using System.Text;
using Orchestrator.Data.Files;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Tests.Files;

public sealed class CsvTests
{
    private static readonly DataSchema Schema = new()
    {
        FeatureType = ElementType.F32,
        Shape = [2],
        Label = new LabelSchema.Classes(3),
        LabelColumns = ["label"],
    };

    private static readonly DataSchema Named = Schema with
    {
        Columns = ["b", "a"],
        ClassNames = ["red", "green", "na"],
        Label = new LabelSchema.Classes(3, ElementType.U8),
    };

    [Theory]
    [InlineData("a,b,label\n1.5,-2e3,2\n0.1,3,0\n")]
    [InlineData("a,b,label\r\n1.5,-2e3,2\r\n0.1,3,0")]
    [InlineData("\ufeffa,b,label\n 1.5 ,\"-2e3\",2\n\n0.1,3,0\n\n")]
    [InlineData("label,a,b\n2,1.5,-2e3\n0,0.1,3\n")]
    [InlineData("\"a\",\"b\",label\n+1.5,-2000.0,\"2\"\n.1,3,0\n")]
    public void Rows_InAnySpelling_GiveTheSameRecords(string text)
    {
        var records = Read(text, Schema);
        Assert.Equal([(1.5f, -2000f, 2L), (0.1f, 3f, 0L)], records.Select(record => (Single(record, 0), Single(record, 4), BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(8)))));
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void Rows_InTheEncodingThatAByteOrderMarkNames_GiveTheSameRecords(string encoding)
    {
        const string Text = "a,b,label,ü\n1.5,-2e3,2,ä\n0.1,3,0,€\n";
        Encoding wide = Encoding.GetEncoding(encoding);
        Assert.Equal(Read(Text, Schema with { Columns = ["a", "b"] }), Read([.. wide.GetPreamble(), .. wide.GetBytes(Text)], "x.csv", Schema with { Columns = ["a", "b"] }));
    }

    [Fact]
    public void Columns_NamedByTheSchema_AreTakenByNameAndOthersLeftOut()
    {
        var records = Read("id,a,\"the, note\",b,label\n7,1,x,2,green\n8,3,\"a \"\"q\"\"\",4,na\n", Named);
        Assert.Equal([(2f, 1f, (byte)1), (4f, 3f, (byte)2)], records.Select(record => (Single(record, 0), Single(record, 4), record[8])));
    }

    [Fact]
    public void Regression_WithTwoTargets_IsReadAsRealLabels()
    {
        var schema = Schema with { Label = new LabelSchema.Regression(2), LabelColumns = ["y", "x"] };
        var record = Assert.Single(Read("a,b,x,y\n1,2,3.5,4.5\n", schema));
        Assert.Equal((4.5f, 3.5f), (Single(record, 8), Single(record, 12)));
    }

    [Fact]
    public void Decimal_BetweenTwoSingles_IsRoundedOnce()
    {
        // Halfway between two f32 but for the last digit: rounding to f64 first would lose that digit and round down.
        var record = Assert.Single(Read("a,b,label\n1.00000005960464477540,0,0\n", Schema));
        Assert.Equal(1.0000001f, Single(record, 0));
    }

    [Theory]
    [InlineData("", "data-file-empty", null)]
    [InlineData("a,b,label\n", "data-file-empty", null)]
    [InlineData("a,b,label\n1,2,0\n1,2\n", "data-column-count", "Row 3")]
    [InlineData("a,b,label\n1,2,0,4\n", "data-column-count", "Row 2")]
    [InlineData("a;b;label\n1;2;0\n", "data-column", null)]
    [InlineData("a,b,outcome\n1,2,0\n", "data-column", "label")]
    [InlineData("a,b,label,label\n1,2,0,0\n", "data-column", "twice")]
    [InlineData("a,label\n1,0\n", "data-column", null)]
    [InlineData("a,b,label\n\n1,,0\n", "data-missing-value", "Row 3, column \"b\"")]
    [InlineData("a,b,label\n1,NaN,0\n", "data-missing-value", "Row 2, column \"b\"")]
    [InlineData("a,b,label\n?,2,0\n", "data-missing-value", "Row 2, column \"a\"")]
    [InlineData("a,b,label\n1,2,\n", "data-missing-value", "Row 2, column \"label\"")]
    [InlineData("a,b,label\n1,\"2\nx\",0\n", "data-not-a-number", "Row 2, column \"b\"")]
    [InlineData("a,b,label\n1,2,1.5\n", "data-not-a-number", "Row 2, column \"label\"")]
    [InlineData("a,b,label\n1,0x10,0\n", "data-not-a-number", "Row 2, column \"b\"")]
    [InlineData("a,b,label\n1,2\0,0\n", "data-not-a-number", "Row 2, column \"b\"")]
    [InlineData("a,b,label\n1,2,1\0\n", "data-not-a-number", "Row 2, column \"label\"")]
    [InlineData("a,b,label\n1,\"1,5\",0\n", "data-not-a-number", "Row 2, column \"b\"")]
    [InlineData("a,b,label\n1,1e39,0\n", "data-value-range", "Row 2, column \"b\"")]
    [InlineData("a,b,label\n1,-Infinity,0\n", "data-value-range", "Row 2, column \"b\"")]
    [InlineData("a,b,label\n1,2,3\n", "data-label-range", "Row 2, column \"label\"")]
    [InlineData("a,b,label\n1,2,-1\n", "data-label-range", "Row 2, column \"label\"")]
    [InlineData("a,b,label\n1,2\"x,0\n", "data-file-damaged", "Row 2")]
    [InlineData("a,b,label\n1,\"2,0\n1,2,0\n", "data-file-damaged", "Row 2")]
    [InlineData("a,b\0,label\n1,2,0\n", "data-format", null)]
    public void File_WithOneFault_IsRefusedByCodeAndPlace(string text, string code, string? place)
    {
        var error = Assert.Throws<OrchestratorException>(() => Read(text, Schema));
        Assert.Equal(code, error.Code.Id);
        Assert.Contains(place ?? "", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ClassName_UnknownOrMissing_IsToldApart()
    {
        ErrorAssert.Throws(DataErrors.LabelRange, () => Read("a,b,label\n1,2,blue\n", Named));
        ErrorAssert.Throws(DataErrors.MissingValue, () => Read("a,b,label\n1,2,\n", Named));
    }

    [Fact]
    public void WholeNumberColumns_OutOfTheirType_AreRefused()
    {
        var bytes = Schema with { FeatureType = ElementType.U8 };
        Assert.Equal([(byte)0, (byte)255], Read("a,b,label\n0,255,0\n", bytes)[0][..2]);
        ErrorAssert.Throws(DataErrors.ValueRange, () => Read("a,b,label\n0,256,0\n", bytes));
        ErrorAssert.Throws(DataErrors.NotANumber, () => Read("a,b,label\n0,1.0,0\n", bytes));
    }

    [Fact]
    public void Binary_CalledCsv_IsRefusedAsNoCsv()
    {
        var png = new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0, 0, 13 };
        ErrorAssert.Throws(DataErrors.Format, () => Read(png, "x.csv", Schema));
    }

    [Fact]
    public void Schema_WithoutLabelColumns_IsRefused() =>
        ErrorAssert.Throws(DataErrors.Schema, () => Read("a,b,label\n1,2,0\n", Schema with { LabelColumns = null }));

    [Fact]
    public void Path_MissingOrOfUnknownKind_IsRefused()
    {
        Assert.Equal("storage-missing", Assert.Throws<OrchestratorException>(() => RecordReader.Open("/nowhere/x.csv", Schema)).Code.Id);
        Assert.Equal("storage-wrong-kind", Assert.Throws<OrchestratorException>(() => RecordReader.Open(Directory.CreateTempSubdirectory("folder.csv").MoveToCsv(), Schema)).Code.Id);
        ErrorAssert.Throws(DataErrors.Format, () => RecordReader.Open("x.parquet", Schema));
    }

    [Fact]
    public void Message_AboutACell_NeverHoldsItsValue()
    {
        var error = Assert.Throws<OrchestratorException>(() => Read("a,b,label\n1,secret-cell,0\n", Schema));
        Assert.DoesNotContain("secret-cell", error.ToString(), StringComparison.Ordinal);
    }

    private static List<byte[]> Read(string text, DataSchema schema) => Read(Encoding.UTF8.GetBytes(text), "x.csv", schema);

    internal static List<byte[]> Read(byte[] content, string name, DataSchema schema)
    {
        using var file = new TempFile(name, content);
        using var reader = RecordReader.Open(file.Path, schema);
        var records = new List<byte[]>();
        reader.CopyTo(block => records.AddRange(block.ToArray().Chunk(schema.RecordSize)));
        Assert.Equal(records.Count, reader.Count);
        return records;
    }

    private static float Single(byte[] record, int offset) => BinaryPrimitives.ReadSingleLittleEndian(record.AsSpan(offset));
}

file static class Folders
{
    /// <summary>A folder whose name ends like a table's.</summary>
    public static string MoveToCsv(this DirectoryInfo folder)
    {
        var path = Path.Combine(folder.FullName, "x.csv");
        Directory.CreateDirectory(path);
        return path;
    }
}
