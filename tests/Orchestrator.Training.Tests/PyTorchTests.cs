using System.Text.Json;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Training.Tests;

/// <summary>The trainer against a plain PyTorch loop over the same records in the same order.</summary>
public sealed class PyTorchTests(ProgramFolder programs, PyTorchTests.Peer peer) : IClassFixture<PyTorchTests.Peer>
{
    private const int Count = 40;

    private static readonly TrainingPlan Adam = Samples.Plan with { Optimizer = new Optimizer.Adam { LearningRate = 0.01, WeightDecay = 1e-3 } };

    private static readonly Dictionary<string, Case> All = new()
    {
        ["sgd"] = new("mlp", Samples.Flowers, Adam with { Optimizer = new Optimizer.Sgd { LearningRate = 0.01, Momentum = 0.9, WeightDecay = 1e-3 } }),
        ["adam"] = new("mlp", Samples.Flowers, Adam),
        ["adamw"] = new("mlp", Samples.Flowers, Adam with { Optimizer = new Optimizer.AdamW { LearningRate = 0.01, WeightDecay = 0.05 } }),
        ["rmsprop"] = new("mlp", Samples.Flowers, Adam with { Optimizer = new Optimizer.RmsProp { LearningRate = 0.003, Momentum = 0.5 } }),

        // A power of two: Python's clip_grad_norm_ multiplies by the reciprocal where libtorch's divides.
        ["clip"] = new("mlp", Samples.Flowers, Adam with { GradientClipNorm = 0.0625 }),
        ["warm-up"] = new("mlp", Samples.Flowers, Adam with { Schedule = new Schedule.WarmUp(4, new Schedule.Step(1, 0.3)) }),
        ["cosine"] = new("mlp", Samples.Flowers, Adam with { Schedule = new Schedule.Cosine(0.1) }),
        ["bce"] = new("binary", Samples.Yes, Adam with { Loss = Loss.BinaryCrossEntropyWithLogits }),
        ["mse"] = new("regression", Samples.Targets, Adam with { Loss = Loss.MeanSquaredError }),
        ["nll"] = new("log", Samples.Flowers, Adam with { Loss = Loss.NegativeLogLikelihood }),
        ["images"] = new("convolutional", Samples.Images, Adam),
        ["residual"] = new("residual", Samples.Images, Adam),
        ["masks and unwritten memory"] = new("masked", Samples.Flowers, Adam),
        ["text"] = new("tokens", Samples.Text, Adam),
    };

    public static TheoryData<string> Cases => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Train_SamePlan_GivesPyTorchsBits(string name)
    {
        var (program, schema, plan) = All[name];
        var streams = new Streams(schema, new Streams.Part(StreamRole.Train, All[name].Records));
        var model = await streams.Trainer(programs, program, plan).TrainAsync();

        var expected = peer.States[name];
        Assert.Equal(expected.Count, model.State.Count);
        Assert.All(model.State, tensor => Assert.Equal(expected[tensor.Name], Convert.ToHexStringLower(tensor.Data.Span)));
    }

    private sealed record Case(string Program, DataSchema Schema, TrainingPlan Plan)
    {
        public byte[] Records { get; } = Samples.Records(Schema, Count, 9);

        public Dictionary<string, object?> ForPython()
        {
            var batches = (Count + Plan.BatchSize - 1) / Plan.BatchSize;
            var steps = batches * Plan.Epochs;
            return new()
            {
                ["program"] = Program,
                ["loss"] = Plan.Loss switch { Loss.CrossEntropy => "cross_entropy", Loss.MeanSquaredError => "mse", Loss.NegativeLogLikelihood => "nll", _ => "bce" },
                ["optimizer"] = Plan.Optimizer.GetType().Name.ToLowerInvariant(),
                ["rates"] = Enumerable.Range(0, steps).Select(step => Plan.Optimizer.LearningRate * Plan.Schedule.Factor(step, batches, steps)),
                ["clip"] = Plan.GradientClipNorm,
                ["batch"] = Plan.BatchSize,
                ["epochs"] = Plan.Epochs,
                ["seed"] = Plan.Seed,
                ["x"] = Hex(record => record[..Schema.FeatureBytes]),
                ["x_type"] = Schema.FeatureType == ElementType.F32 ? "float32" : "int64",
                ["x_shape"] = Schema.Shape.Prepend(Count),
                ["target"] = Hex(record => Target(record[Schema.FeatureBytes..])),
                ["target_type"] = Plan.Loss is Loss.CrossEntropy or Loss.NegativeLogLikelihood ? "int64" : "float32",
                ["target_shape"] = TargetShape.Prepend(Count),
            };
        }

        private IEnumerable<int> TargetShape => Schema.Label switch
        {
            LabelSchema.Regression regression => [regression.Outputs],
            LabelSchema.PerPosition => Schema.Shape,
            _ => Plan.Loss == Loss.BinaryCrossEntropyWithLogits ? [1] : [],
        };

        private byte[] Target(byte[] label) =>
            Plan.Loss == Loss.BinaryCrossEntropyWithLogits ? BitConverter.GetBytes((float)label[0]) : label;

        private string Hex(Func<byte[], byte[]> part) => Convert.ToHexString([.. Records.Chunk(Schema.RecordSize).SelectMany(part)]);
    }

    /// <summary>What PyTorch makes of all cases.</summary>
    public sealed class Peer
    {
        public Peer(ProgramFolder programs)
        {
            var cases = Path.Combine(programs.Path, "cases.json");
            File.WriteAllText(cases, JsonSerializer.Serialize(All.Values.Select(each => each.ForPython())));
            var lines = ProgramFolder.Python("train.py", programs.Path, cases).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            States = All.Keys.Zip(lines).ToDictionary(pair => pair.First, pair => JsonSerializer.Deserialize<Dictionary<string, string>>(pair.Second)!);
        }

        public IReadOnlyDictionary<string, Dictionary<string, string>> States { get; }
    }
}
