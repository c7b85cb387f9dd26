using System.Text.Json;
using Orchestrator.Data.Plans;
using Orchestrator.Data.SafeTensors;

namespace Orchestrator.Tiles.Tests;

public sealed class LocalCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Train_OnTheClinicsTwice_GivesTheSameGoodModel()
    {
        var job = _folder.Write("job.json", Examples.WdbcJob(Examples.Plan));
        foreach (var name in new[] { "first", "second" })
        {
            Directory.CreateDirectory(_folder[name]);
            var run = await TileExecutable.RunAsync("train", job, _folder[name]);
            Assert.True(run.ExitCode == 0, run.Error);
            Assert.Empty(run.Output);
        }

        Assert.Equal(await File.ReadAllBytesAsync(_folder["first/model.safetensors"]), await File.ReadAllBytesAsync(_folder["second/model.safetensors"]));
        using var metrics = JsonDocument.Parse(await File.ReadAllBytesAsync(_folder["first/metrics.json"]));
        var epochs = metrics.RootElement.GetProperty("epochs");
        Assert.Equal(Examples.Plan.Epochs, epochs.GetArrayLength());
        var last = epochs[epochs.GetArrayLength() - 1];
        Assert.True(last.GetProperty(MetricNames.Accuracy).GetDouble() >= 0.95);

        var evaluation = await TileExecutable.RunAsync("evaluate", job, _folder["first/model.safetensors"]);
        Assert.True(evaluation.ExitCode == 0, evaluation.Error);
        using var judged = JsonDocument.Parse(evaluation.Output);
        Assert.Equal(last.GetProperty(MetricNames.Accuracy).GetDouble(), judged.RootElement.GetProperty(MetricNames.Accuracy).GetDouble());
        Assert.Equal(last.GetProperty(MetricNames.EvaluationLoss).GetDouble(), judged.RootElement.GetProperty(MetricNames.EvaluationLoss).GetDouble(), 6);
    }

    [Fact]
    public async Task Train_UnderAnEnvironmentThatAsksForOtherKernels_GivesTheSameBits()
    {
        var job = _folder.Write("job.json", Examples.WdbcJob(Examples.Plan));
        (string, string)[] other = [("OPENBLAS_CORETYPE", "Prescott"), ("ATEN_CPU_CAPABILITY", "default"), ("OPENBLAS_L2_SIZE", "64")];
        foreach (var (name, environment) in new[] { ("plain", []), ("other", other) })
        {
            Directory.CreateDirectory(_folder[name]);
            var run = await TileExecutable.FinishAsync(TileExecutable.Start(environment, "train", job, _folder[name]));
            Assert.True(run.ExitCode == 0, run.Error);
        }

        Assert.Equal(await File.ReadAllBytesAsync(_folder["plain/model.safetensors"]), await File.ReadAllBytesAsync(_folder["other/model.safetensors"]));
    }

    [Fact]
    public async Task Evaluate_OfAnotherProgramsModel_IsRefused()
    {
        var job = _folder.Write("job.json", Examples.WdbcJob(Examples.Plan with { Epochs = 1 }));
        await TileExecutable.RunAsync("train", job, _folder["."]);
        _folder.Write("other.json", (await File.ReadAllTextAsync(job)).Replace("wdbc_mlp", "digits_cnn", StringComparison.Ordinal));
        var run = await TileExecutable.RunAsync("evaluate", _folder["other.json"], _folder["model.safetensors"]);
        Assert.Equal((3, "program-fails"), (run.ExitCode, CodeIn(run.Error)));
        File.WriteAllBytes(_folder["cut.safetensors"], (await File.ReadAllBytesAsync(_folder["model.safetensors"]))[..^1]);
        run = await TileExecutable.RunAsync("evaluate", job, _folder["cut.safetensors"]);
        Assert.Equal((3, "data-file-damaged"), (run.ExitCode, CodeIn(run.Error)));
    }

    [Fact]
    public async Task Evaluate_OfAModelWithAForeignTensor_IsRefused()
    {
        var job = _folder.Write("job.json", Examples.WdbcJob(Examples.Plan with { Epochs = 1 }));
        await TileExecutable.RunAsync("train", job, _folder["."]);
        var model = SafeTensorFile.Read(await File.ReadAllBytesAsync(_folder["model.safetensors"]));
        IEnumerable<SafeTensor>[] foreign =
        [
            model.Skip(1),
            model.Select(tensor => tensor with { Name = tensor.Name.Replace("hidden", "other", StringComparison.Ordinal) }),
            model.Select(tensor => tensor with { Shape = [tensor.Data.Length / 4] }),
            model.Where(tensor => tensor.Name != Training.TrainedModel.MeanName),
        ];
        foreach (var tensors in foreign)
        {
            await using (var file = File.Create(_folder["foreign.safetensors"]))
            {
                SafeTensorFile.Write(file, tensors);
            }

            var run = await TileExecutable.RunAsync("evaluate", job, _folder["foreign.safetensors"]);
            Assert.Equal((3, "training-model-mismatch"), (run.ExitCode, CodeIn(run.Error)));
        }
    }

    [Theory]
    [InlineData("missing.json", null, 6, "storage-missing")]
    [InlineData("job.json", "not json", 3, "data-format")]
    [InlineData("job.json", "{}", 3, "cbor-missing-field")]
    [InlineData("job.json", """{"program":"nowhere.pt","plan":{"loss":"hinge"},"streams":[]}""", 3, "plan-unknown-name")]
    public async Task Train_OnABadJob_EndsWithOneLineAndWritesNothing(string name, string? content, int exitCode, string code)
    {
        if (content is not null)
        {
            _folder.Write(name, content);
        }

        Directory.CreateDirectory(_folder["out"]);
        var run = await TileExecutable.RunAsync("train", _folder[name], _folder["out"]);
        Assert.Equal((exitCode, code), (run.ExitCode, CodeIn(run.Error)));
        Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.Empty(Directory.GetFileSystemEntries(_folder["out"]));
    }

    [Fact]
    public async Task Train_OnABadDataFile_NamesTheFile()
    {
        var broken = _folder.Write("clinic-x.csv", "a,diagnosis\n1,benign\n");
        var job = Examples.WdbcJob(Examples.Plan).Replace(Examples.Data("clinic-b.csv"), broken, StringComparison.Ordinal);
        var run = await TileExecutable.RunAsync("train", _folder.Write("job.json", job), _folder["."]);
        Assert.Equal((3, "data-column"), (run.ExitCode, CodeIn(run.Error)));
        Assert.Contains("clinic-x.csv", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_ThatMakeNoCommand_ShowTheUsage()
    {
        Assert.Equal(2, (await TileExecutable.RunAsync()).ExitCode);
        Assert.Equal(2, (await TileExecutable.RunAsync("train", "job")).ExitCode);
        Assert.Contains("evaluate", (await TileExecutable.RunAsync("--help")).Output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The code in brackets at the end of the message.</summary>
    private static string CodeIn(string error) => error[(error.LastIndexOf('[') + 1)..error.LastIndexOf(']')];
}
