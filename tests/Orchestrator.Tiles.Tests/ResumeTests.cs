using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Data.Documents;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Tiles.Tests;

/// <summary>
/// One training from beginning to end, and another that goes on, in a process of its own, from a state that the first left: all later
/// states and the models must be the same bytes.
/// </summary>
public sealed class ResumeTests(ResumeTests.Programs programs) : IClassFixture<ResumeTests.Programs>, IDisposable
{
    private const int Epochs = 4;

    private readonly TempFolder _folder = new();

    public static TheoryData<string, string> OptimizersAndSchedules { get; } =
        [.. Optimizers.Keys.SelectMany(optimizer => Schedules.Keys, (optimizer, schedule) => (optimizer, schedule))];

    private static Dictionary<string, Optimizer> Optimizers => new()
    {
        ["sgd"] = new Optimizer.Sgd { LearningRate = 0.1 },
        ["momentum"] = new Optimizer.Sgd { LearningRate = 0.05, Momentum = 0.9, WeightDecay = 0.01 },
        ["adam"] = new Optimizer.Adam { LearningRate = 0.01, WeightDecay = 0.01 },
        ["adamw"] = new Optimizer.AdamW { LearningRate = 0.01, WeightDecay = 0.1 },
        ["rmsprop"] = new Optimizer.RmsProp { LearningRate = 0.01, Momentum = 0.5 },
    };

    private static Dictionary<string, Schedule> Schedules => new()
    {
        ["constant"] = new Schedule.Constant(),
        ["step"] = new Schedule.Step(2, 0.5),
        ["cosine"] = new Schedule.Cosine(0.1),
        ["warm-up"] = new Schedule.WarmUp(20, new Schedule.Cosine(0)),
    };

    [Theory]
    [MemberData(nameof(OptimizersAndSchedules))]
    public async Task EveryOptimizerAndSchedule_GoesOnBitForBit(string optimizer, string schedule)
    {
        var plan = Plan with { Optimizer = Optimizers[optimizer], Schedule = Schedules[schedule], Standardize = true, GradientClipNorm = 1 };
        await AssertGoesOnAsync(Wdbc(programs.File("recurrent"), plan), 2);
    }

    [Theory]
    [InlineData("digits_cnn", "momentum", "step", 1)]
    [InlineData("digits_cnn", "adam", "constant", 2)]
    [InlineData("residual", "momentum", "cosine", 1)]
    [InlineData("residual", "rmsprop", "warm-up", 1)]
    public async Task Images_GoOnBitForBit(string program, string optimizer, string schedule, int threads)
    {
        var file = program == "residual" ? programs.File(program) : Examples.Program(program);
        var plan = Plan with { Optimizer = Optimizers[optimizer], Schedule = Schedules[schedule], BatchSize = 64, Threads = threads };
        await AssertGoesOnAsync(Job(file, plan, Examples.Digits, ("train", "digits-train.csv"), ("evaluate", "digits-holdout.csv")), 1);
    }

    [Fact]
    public async Task Characters_GoOnBitForBitFromEveryEpoch()
    {
        var job = Job(programs.File("attention"), Plan with { BatchSize = 16, Optimizer = Optimizers["adamw"] }, Examples.Sonnets, ("train", "sonnets.txt"));
        await AssertGoesOnAsync(job, 1, 2, 3);
    }

    [Fact]
    public async Task EarlyStopping_RemembersTheBestLossAndThePatienceSpent()
    {
        // With this fall asked for, every epoch after the first is one without improvement: the fifth is the last.
        var plan = Plan with { Epochs = 50, EarlyStopping = new EarlyStopping(4, 1e6) };
        await AssertGoesOnAsync(Wdbc(programs.File("recurrent"), plan), 1, 3);
        using var metrics = JsonDocument.Parse(await File.ReadAllBytesAsync(_folder["from-3/metrics.json"]));
        Assert.True(metrics.RootElement.GetProperty("stopped_early").GetBoolean());
        Assert.Equal(5, metrics.RootElement.GetProperty("epochs").GetArrayLength());
    }

    [Fact]
    public async Task State_OfAnotherPlan_IsRefused()
    {
        await TrainAsync(_folder.Write("job.json", Wdbc(programs.File("recurrent"), Plan)), "whole", "1");
        var other = _folder.Write("other.json", Wdbc(programs.File("recurrent"), Plan with { Seed = 8 }));
        var run = await TileExecutable.RunAsync("train", other, _folder["whole"], "0", _folder["whole/state-1.safetensors"]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("[training-state-mismatch]", run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static TrainingPlan Plan => Examples.Plan with { Epochs = Epochs, BatchSize = 50, Standardize = false };

    private static string Wdbc(string program, TrainingPlan plan) =>
        Job(program, plan, Examples.Wdbc, ("train", "clinic-a.csv"), ("train", "clinic-b.csv"), ("evaluate", "holdout.csv"));

    private static string Job(string program, TrainingPlan plan, DataSchema schema, params (string Role, string File)[] streams) => new JsonObject
    {
        ["program"] = program,
        ["plan"] = CborJson.ToJson(plan.ToCbor()),
        ["streams"] = new JsonArray([.. streams.Select(stream => new JsonObject
        {
            ["role"] = stream.Role,
            ["file"] = Examples.Data(stream.File),
            ["schema"] = CborJson.ToJson(schema.ToCbor()),
        })]),
    }.ToJsonString();

    private async Task AssertGoesOnAsync(string job, params int[] interruptions)
    {
        var file = _folder.Write("job.json", job);
        await TrainAsync(file, "whole", "1");
        foreach (var epoch in interruptions)
        {
            var resumed = $"from-{epoch}";
            await TrainAsync(file, resumed, "1", _folder[$"whole/state-{epoch}.safetensors"]);
            var names = Directory.GetFiles(_folder[resumed], "*.safetensors").Select(Path.GetFileName).Order().ToArray();
            Assert.Equal(Directory.GetFiles(_folder["whole"], "*.safetensors").Length - epoch, names.Length);
            Assert.All(names, name => Assert.True(
                File.ReadAllBytes(_folder[$"whole/{name}"]).AsSpan().SequenceEqual(File.ReadAllBytes(_folder[$"{resumed}/{name}"])),
                $"{name} differs after a resumption from epoch {epoch}"));
        }
    }

    private async Task TrainAsync(string job, string folder, params string[] arguments)
    {
        Directory.CreateDirectory(_folder[folder]);
        var run = await TileExecutable.RunAsync(["train", job, _folder[folder], .. arguments]);
        Assert.True(run.ExitCode == 0, run.Error);
    }

    /// <summary>What programs.py writes.</summary>
    public sealed class Programs : IDisposable
    {
        private readonly TempFolder _folder = new();

        public Programs()
        {
            using var python = Process.Start("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Python", "programs.py"), _folder["."]])!;
            python.WaitForExit();
            Assert.Equal(0, python.ExitCode);
        }

        public string File(string program) => _folder[$"{program}.pt"];

        public void Dispose() => _folder.Dispose();
    }
}
