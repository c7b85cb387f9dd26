using System.Diagnostics;
using Orchestrator.Data.Files;
using Orchestrator.Data.Schemas;
using Orchestrator.Tests;

namespace Orchestrator.Tiles.Tests;

public sealed class ExampleTests
{
    public static TheoryData<string, int> DataSets => new()
    {
        { "wdbc.csv", 569 },
        { "clinic-a.csv", 228 },
        { "clinic-b.csv", 227 },
        { "holdout.csv", 114 },
        { "digits-train.csv", 1437 },
        { "digits-holdout.csv", 360 },
        { "sonnets.txt", 86 },
    };

    [Theory]
    [MemberData(nameof(DataSets))]
    public void DataSet_ReadAsRecords_HasTheCountThatItsReadmeSays(string file, int count)
    {
        DataSchema schema = file switch
        {
            "sonnets.txt" => Examples.Sonnets,
            _ => file.StartsWith("digits", StringComparison.Ordinal) ? Examples.Digits : Examples.Wdbc,
        };
        using var reader = RecordReader.Open(Examples.Data(file), schema);
        reader.CopyTo(_ => { });
        Assert.Equal(count, reader.Count);
    }

    [Fact]
    public void Splits_OfWdbc_HoldEveryRecordOnce()
    {
        string[] Rows(string file) => File.ReadAllLines(Examples.Data(file))[1..];
        string[] parts = [.. Rows("clinic-a.csv"), .. Rows("clinic-b.csv"), .. Rows("holdout.csv")];
        Assert.Equal(Rows("wdbc.csv").Order(StringComparer.Ordinal), parts.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Programs_MadeAgainFromTheirSource_AreTheCommittedBytes()
    {
        using var folder = new TempFolder();
        await RunPythonAsync(Path.Combine(Tree.Root, "training", "programs", "make_programs.py"), folder["."]);
        foreach (var name in new[] { "wdbc_mlp", "digits_cnn", "char_gpt" })
        {
            Assert.Equal(await File.ReadAllBytesAsync(Examples.Program(name)), await File.ReadAllBytesAsync(folder[$"{name}.pt"]));
        }
    }

    private static async Task RunPythonAsync(params string[] arguments)
    {
        Assert.SkipUnless(Directory.Exists("/usr/lib/python3/dist-packages/torch"), "The distribution's python3-torch is not installed.");
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", arguments) { RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
