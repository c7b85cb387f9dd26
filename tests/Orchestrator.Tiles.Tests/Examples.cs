using System.Text.Json.Nodes;
using Orchestrator.Data.Documents;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;
using Orchestrator.Tests;

namespace Orchestrator.Tiles.Tests;

/// <summary>The tree's example programs and data sets.</summary>
internal static class Examples
{
    public static DataSchema Wdbc { get; } = new()
    {
        FeatureType = ElementType.F32,
        Shape = [30],
        Label = new LabelSchema.Classes(2, ElementType.U8),
        LabelColumns = ["diagnosis"],
        ClassNames = ["benign", "malignant"],
    };

    public static DataSchema Digits { get; } = new()
    {
        FeatureType = ElementType.F32,
        Shape = [1, 8, 8],
        Label = new LabelSchema.Classes(10, ElementType.U8),
        LabelColumns = ["digit"],
    };

    public static DataSchema Sonnets { get; } = new()
    {
        FeatureType = ElementType.U8,
        Shape = [64],
        Label = new LabelSchema.PerPosition(128, ElementType.U8),
    };

    /// <summary>Small frames, so that the clinics' files have several.</summary>
    public const int FrameSize = 121 * 50;

    public static TrainingPlan Plan { get; } = new()
    {
        Loss = Loss.CrossEntropy,
        Optimizer = new Optimizer.Adam { LearningRate = 0.01 },
        BatchSize = 32,
        Epochs = 12,
        Seed = 7,
        Threads = 1,
        Standardize = true,
        Interleaving = new Interleaving.Shuffle(200),
    };

    public static string Program(string name) => Path.Combine(Tree.Root, "training", "programs", $"{name}.pt");

    public static string Data(string name) => Path.Combine(Tree.Root, "training", "datasets", name);

    /// <summary>A local job on the two clinics' files, judged on the held-out ones.</summary>
    public static string WdbcJob(TrainingPlan plan) => Job("wdbc_mlp", plan, (StreamRole.Train, "clinic-a.csv"), (StreamRole.Train, "clinic-b.csv"), (StreamRole.Evaluate, "holdout.csv"));

    private static string Job(string program, TrainingPlan plan, params (StreamRole Role, string File)[] streams) => new JsonObject
    {
        ["program"] = Program(program),
        ["plan"] = CborJson.ToJson(plan.ToCbor()),
        ["streams"] = new JsonArray([.. streams.Select(stream => new JsonObject
        {
            ["role"] = stream.Role == StreamRole.Train ? "train" : "evaluate",
            ["file"] = Data(stream.File),
            ["schema"] = CborJson.ToJson(Wdbc.ToCbor()),
            ["frame_size"] = FrameSize,
        })]),
    }.ToJsonString();
}
