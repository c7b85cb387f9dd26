using System.Runtime.InteropServices;
using System.Text;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Files;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Tests.Files;

/// <summary>Tables whose rows are records as they stand, so that they are sealed from where they are.</summary>
public sealed class StoredRecordsTests
{
    private static readonly DataSchema Reals = new() { FeatureType = ElementType.F32, Shape = [2], Label = new LabelSchema.Regression(1) };
    private static readonly DataSchema Wholes = new() { FeatureType = ElementType.I64, Shape = [2], Label = new LabelSchema.Classes(3) };
    private static readonly DataSchema Bytes = new() { FeatureType = ElementType.U8, Shape = [2], Label = new LabelSchema.Classes(3, ElementType.U8) };

    public static TheoryData<string, byte[], DataSchema> Tables => new()
    {
        { "<f4", Cells(1f, -2f, 0.5f, float.MaxValue, 0f, -1f), Reals },
        { "<i8", Cells(1L, long.MinValue, 2L, 7L, 8L, 0L), Wholes },
        { "|u1", Cells<byte>(1, 255, 2, 7, 8, 0), Bytes },
        { "|u1", Cells<byte>(1, 2, 0, 1, 1, 2, 0, 0), Bytes with { Label = new LabelSchema.PerPosition(3, ElementType.U8) } },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public void Table_OfTheRecordsOwnType_IsReadAsItStands(string type, byte[] cells, DataSchema schema)
    {
        byte[] file = Npy(type, rows: 2, schema, cells);

        byte[] stored = ReadStored(file, schema);

        Assert.Equal(cells, stored);
        Assert.Equal(CsvTests.Read(file, "x.npy", schema).SelectMany(record => record), stored);
    }

    public static TheoryData<string, byte[], DataSchema, string> Faults => new()
    {
        { "<f4", Cells(1f, 2f, 3f, 4f, float.NaN, 6f), Reals, "data-missing-value" },
        { "<f4", Cells(1f, 2f, 3f, 4f, 5f, float.NegativeInfinity), Reals, "data-value-range" },
        { "<i8", Cells(1L, 2L, 0L, 4L, 5L, 3L), Wholes, "data-label-range" },
        { "<i8", Cells(1L, 2L, -1L, 4L, 5L, 2L), Wholes, "data-label-range" },
        { "|u1", Cells<byte>(1, 2, 0, 4, 5, 3), Bytes, "data-label-range" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Table_WithAFault_IsRefusedAsWhenReadRecordByRecord(string type, byte[] cells, DataSchema schema, string code)
    {
        byte[] file = Npy(type, rows: 2, schema, cells);

        var error = Assert.Throws<OrchestratorException>(() => ReadStored(file, schema));

        Assert.Equal(code, error.Code.Id);
        Assert.Equal(Assert.Throws<OrchestratorException>(() => CsvTests.Read(file, "x.npy", schema)).Message, error.Message);
    }

    [Fact]
    public void Table_OfOtherForm_IsNotStored()
    {
        Assert.Null(StoredOf(Npy("<f8", 1, Reals, new byte[24]), "x.npy", Reals));
        Assert.Null(StoredOf(Npy("<f4", 1, Reals, new byte[12]), "x.npy", Reals with { Label = new LabelSchema.Classes(3) }));
        Assert.Null(StoredOf(Npy("<f4", 0, Reals, []), "x.npy", Reals));
        Assert.Null(StoredOf(Npy("<f4", 2, Reals, new byte[23]), "x.npy", Reals));
        Assert.Null(StoredOf(Npy("<f4", 2, Reals, new byte[25]), "x.npy", Reals));
        Assert.Null(StoredOf(Npy("<f4", 2, Reals, new byte[36]), "x.npy", Reals));
        Assert.Null(StoredOf(Npy("<f4", long.MaxValue, Reals, new byte[12]), "x.npy", Reals));
        Assert.Null(StoredOf(Encoding.ASCII.GetBytes("a,b,c\n1,2,3\n"), "x.csv", Reals with { Columns = ["a", "b"], LabelColumns = ["c"] }));
    }

    [Fact]
    public void Rows_FromTheMiddle_AreThoseOfTheirPlace()
    {
        float[] cells = [.. Enumerable.Range(0, 300).Select(cell => (float)cell)];
        using var file = new TempFile("x.npy", Npy("<f4", 100, Reals, Cells(cells)));
        using var reader = RecordReader.Open(file.Path, Reals);
        byte[] rows = new byte[3 * Reals.RecordSize];

        reader.Stored!.Read(50 * Reals.RecordSize, rows);

        Assert.Equal(100 * Reals.RecordSize, reader.Stored.Length);
        Assert.Equal(cells[150..159], MemoryMarshal.Cast<byte, float>(rows));
    }

    [Fact]
    public void File_ThatBecameShorter_IsAStorageFailure()
    {
        using var file = new TempFile("x.npy", Npy("<f4", 2, Reals, new byte[24]));
        using var reader = RecordReader.Open(file.Path, Reals, watch: null);
        using (var shorter = new FileStream(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            shorter.SetLength(100);
        }

        var error = Assert.Throws<OrchestratorException>(() => reader.Stored!.Read(0, new byte[24]));
        Assert.Equal("storage-failed", error.Code.Id);
    }

    private static byte[] ReadStored(byte[] content, DataSchema schema)
    {
        using var file = new TempFile("x.npy", content);
        using var reader = RecordReader.Open(file.Path, schema);
        byte[] records = new byte[reader.Stored!.Length];
        reader.Stored.Read(0, records);
        return records;
    }

    private static IPlaintextFile? StoredOf(byte[] content, string name, DataSchema schema)
    {
        using var file = new TempFile(name, content);
        using var reader = RecordReader.Open(file.Path, schema);
        return reader.Stored;
    }

    private static byte[] Cells<T>(params T[] cells)
        where T : struct => MemoryMarshal.AsBytes(cells.AsSpan()).ToArray();

    private static byte[] Npy(string type, long rows, DataSchema schema, byte[] cells)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({rows}, {schema.FeatureCount + schema.LabelCount}), }}";
        byte[] text = Encoding.ASCII.GetBytes(header.PadRight(100) + "\n");
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. text, .. cells];
    }
}
