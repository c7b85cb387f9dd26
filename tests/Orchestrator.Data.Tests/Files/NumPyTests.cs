using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Orchestrator.Data.Files;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Tests.Files;

public sealed class NumPyTests
{
    private static readonly DataSchema Schema = new() { FeatureType = ElementType.F32, Shape = [2], Label = new LabelSchema.Classes(3, ElementType.U8) };

    [Theory]
    [InlineData("f2")]
    [InlineData("f4")]
    [InlineData("f8")]
    [InlineData("i1")]
    [InlineData("i2")]
    [InlineData("i4")]
    [InlineData("i8")]
    [InlineData("u1")]
    [InlineData("u2")]
    [InlineData("u4")]
    public void Table_ThatNumPyWrote_GivesItsRows(string type)
    {
        var file = Python($"import numpy, sys; numpy.save(sys.stdout.buffer, numpy.array([[1, 2, 0], [3, 120, 2]], dtype='{type}'))");
        Assert.Equal([Record(1, 2, 0), Record(3, 120, 2)], CsvTests.Read(file, "x.npy", Schema));
    }

    [Theory]
    [InlineData("savez")]
    [InlineData("savez_compressed")]
    public void Archive_ThatNumPyWrote_GivesFeaturesAndLabels(string save)
    {
        var image = Schema with { Shape = [1, 2], FeatureType = ElementType.U8, Label = new LabelSchema.Classes(3) };
        var file = Python($"""
            import numpy, sys, io
            buffer = io.BytesIO()
            numpy.{save}(buffer, labels=numpy.array([2, 1]), features=numpy.array([[[1, 255]], [[0, 7]]], dtype='u1'))
            sys.stdout.buffer.write(buffer.getvalue())
            """);
        Assert.Equal([[1, 255, 2, 0, 0, 0, 0, 0, 0, 0], new byte[] { 0, 7, 1, 0, 0, 0, 0, 0, 0, 0 }], CsvTests.Read(file, "x.npz", image));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Header_OfEachVersion_IsRead(byte version) =>
        Assert.Equal([Record(1, 2, 0)], CsvTests.Read(Npy(Dict("<f4", "(1, 3)"), Floats(1, 2, 0), version), "x.npy", Schema));

    [Theory]
    [InlineData(float.NaN, "data-missing-value")]
    [InlineData(float.PositiveInfinity, "data-value-range")]
    [InlineData(float.NegativeInfinity, "data-value-range")]
    public void Table_OfManyColumns_IsRefusedForOneBadCell(float bad, string code)
    {
        const int Features = 37;
        var wide = Schema with { Shape = [Features] };
        for (var column = 0; column < Features; column++)
        {
            float[] row = [.. Enumerable.Repeat(-float.MaxValue, Features), 1];
            Assert.Single(CsvTests.Read(Npy(Dict("<f4", $"(1, {Features + 1})"), Floats(row)), "x.npy", wide));
            row[column] = bad;
            var error = Assert.Throws<OrchestratorException>(() => CsvTests.Read(Npy(Dict("<f4", $"(1, {Features + 1})"), Floats(row)), "x.npy", wide));
            Assert.Equal(code, error.Code.Id);
            Assert.Contains($"feature {column}", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Table_LongerThanABlock_GivesEveryRowOnce()
    {
        const int Rows = 20_000;
        float[] cells = [.. Enumerable.Range(0, Rows).SelectMany(row => new float[] { row, -row, row % 3 })];
        Assert.Equal(
            Enumerable.Range(0, Rows).Select(row => Record(row, -row, (byte)(row % 3))), CsvTests.Read(Npy(Dict("<f4", $"({Rows}, 3)"), Floats(cells)), "x.npy", Schema));
    }

    public static TheoryData<string, byte[]> Faults => new()
    {
        { "data-format", [] },
        { "data-format", "a,b\n1,2\n"u8.ToArray() },
        { "data-unsupported", Npy(Dict("<f4", "(1, 3)"), Floats(1, 2, 0), version: 4) },
        { "data-unsupported", Npy(Dict(">f4", "(1, 3)"), Floats(1, 2, 0)) },
        { "data-unsupported", Npy(Dict("|O", "(1, 3)"), Floats(1, 2, 0)) },
        { "data-unsupported", Npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 3), }", Floats(1, 2, 0)) },
        { "data-file-damaged", Npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", Floats(1)) },
        { "data-file-damaged", Npy("{'shape': (1, 3), 'descr': '<f4'}", Floats(1, 2, 0)) },
        { "data-file-damaged", Npy(Dict("<f4", "(1, -3)"), Floats(1, 2, 0)) },
        { "data-file-damaged", Npy(Dict("<f4", "(2, 3)"), Floats(1, 2, 0)) },
        { "data-file-damaged", Npy(Dict("<f4", "(1, 3)"), Floats(1, 2, 0)).AsSpan(0, 20).ToArray() },
        { "data-file-damaged", Npy(Dict("<f4", "(1, 3)"), Floats(1, 2, 0, 1, 2, 0)) },
        { "data-file-damaged", [.. Npy(Dict("<f4", "(1, 3)"), Floats(1, 2, 0)), 0] },
        { "data-file-damaged", [.. Npy(Dict("<f8", "(0, 3)"), []), 0] },
        { "data-too-large", [0x93, .. "NUMPY"u8, 2, 0, 0xff, 0xff, 0xff, 0x7f] },
        { "data-too-large", Npy(Dict("<f4", "(99999999999999999999, 3)"), Floats(1, 2, 0)) },
        { "data-array-shape", Npy(Dict("<f4", "(3,)"), Floats(1, 2, 0)) },
        { "data-array-shape", Npy(Dict("<f4", "(1, 4)"), Floats(1, 2, 0, 0)) },
        { "data-file-empty", Npy(Dict("<f4", "(0, 3)"), []) },
        { "data-missing-value", Npy(Dict("<f4", "(1, 3)"), Floats(1, float.NaN, 0)) },
        { "data-value-range", Npy(Dict("<f4", "(1, 3)"), Floats(1, float.PositiveInfinity, 0)) },
        { "data-label-range", Npy(Dict("<f4", "(1, 3)"), Floats(1, 2, 3)) },
        { "data-label-range", Npy(Dict("<f4", "(1, 3)"), Floats(1, 2, float.NegativeInfinity)) },
        { "data-not-a-number", Npy(Dict("<f4", "(1, 3)"), Floats(1, 2, 0.5f)) },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Table_WithOneFault_IsRefusedByCode(string code, byte[] file) =>
        Assert.Equal(code, Assert.Throws<OrchestratorException>(() => CsvTests.Read(file, "x.npy", Schema)).Code.Id);

    [Fact]
    public void Archive_WithOneFault_IsRefusedByCode()
    {
        var features = Npy(Dict("<f4", "(2, 2)"), Floats(1, 2, 3, 4));
        var labels = Npy(Dict("|u1", "(2,)"), [0, 1]);
        Assert.Equal(2, CsvTests.Read(Zip(("features", features), ("labels", labels)), "x.npz", Schema).Count);
        Refused("data-format", "no zip"u8.ToArray());
        Refused("data-array-shape", Zip(("features", features)));
        Refused("data-array-shape", Zip(("features", features), ("labels", Npy(Dict("|u1", "(1,)"), [0]))));
        Refused("data-array-shape", Zip(("features", features), ("labels", Npy(Dict("|u1", "(2, 2)"), [0, 0, 0, 0]))));
        Refused("data-array-shape", Zip(("features", Npy(Dict("<f4", "(4,)"), Floats(1, 2, 3, 4))), ("labels", labels)));
        Refused("data-array-shape", Zip(("features", Npy(Dict("<f4", "()"), Floats(1))), ("labels", labels)));
        Refused("data-file-damaged", Zip(("features", features[..^4]), ("labels", labels)));
        Refused("data-file-damaged", Zip(("features", features), ("labels", [.. labels, 0])));
        Refused("data-array-shape", Zip(("features", features), ("features", features), ("labels", labels)));
    }

    [Fact]
    public void Archive_WithAFlippedElement_IsRefusedForItsChecksum()
    {
        var features = Npy(Dict("<f4", "(2, 2)"), Floats(1, 2, 3, 4));
        var archive = Zip(CompressionLevel.NoCompression, ("features", features), ("labels", Npy(Dict("|u1", "(2,)"), [0, 1])));
        archive[archive.AsSpan().IndexOf(Floats(3, 4))] ^= 1;
        Refused("data-file-damaged", archive);
    }

    [Fact]
    public void Record_WithAFault_IsNamedByItsNumber()
    {
        var error = Assert.Throws<OrchestratorException>(() => CsvTests.Read(Npy(Dict("<f4", "(2, 3)"), Floats(1, 2, 0, 1, float.NaN, 0)), "x.npy", Schema));
        Assert.Contains("Record 1, feature 1", error.Message, StringComparison.Ordinal);
    }

    private static void Refused(string code, byte[] file) =>
        Assert.Equal(code, Assert.Throws<OrchestratorException>(() => CsvTests.Read(file, "x.npz", Schema)).Code.Id);

    private static byte[] Record(float first, float second, byte label) => [.. Floats(first, second), label];

    private static byte[] Floats(params float[] values)
    {
        var bytes = new byte[4 * values.Length];
        for (var index = 0; index < values.Length; index++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * index), values[index]);
        }

        return bytes;
    }

    private static string Dict(string type, string shape) => $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}";

    private static byte[] Npy(string header, byte[] data, byte version = 1)
    {
        var text = Encoding.UTF8.GetBytes(header.PadRight(100) + "\n");
        byte[] length = version == 1 ? [(byte)text.Length, 0] : [(byte)text.Length, 0, 0, 0];
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. text, .. data];
    }

    private static byte[] Zip(params (string Name, byte[] Array)[] arrays) => Zip(CompressionLevel.Optimal, arrays);

    private static byte[] Zip(CompressionLevel compression, params (string Name, byte[] Array)[] arrays)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create))
        {
            foreach (var (name, array) in arrays)
            {
                using var entry = zip.CreateEntry($"{name}.npy", compression).Open();
                entry.Write(array);
            }
        }

        return buffer.ToArray();
    }

    private static byte[] Python(string script)
    {
        using var process = Process.Start(new ProcessStartInfo(SystemPython.Path, ["-c", script]) { RedirectStandardOutput = true })!;
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.ToArray();
    }
}
