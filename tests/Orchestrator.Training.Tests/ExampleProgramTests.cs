using Orchestrator.Data.Files;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;
using Orchestrator.Programs;

namespace Orchestrator.Training.Tests;

/// <summary>The programs and data sets of the tree.</summary>
public sealed class ExampleProgramTests
{
    private static readonly DataSchema Cells = new()
    {
        FeatureType = ElementType.F32,
        Shape = [30],
        Label = new LabelSchema.Classes(2, ElementType.U8),
        LabelColumns = ["diagnosis"],
        ClassNames = ["benign", "malignant"],
    };

    private static readonly DataSchema Digits = new()
    {
        FeatureType = ElementType.F32,
        Shape = [1, 8, 8],
        Label = new LabelSchema.Classes(10, ElementType.U8),
        LabelColumns = ["digit"],
    };

    private static readonly DataSchema Sonnets = new()
    {
        FeatureType = ElementType.U8,
        Shape = [64],
        Label = new LabelSchema.PerPosition(128, ElementType.U8),
    };

    [Fact]
    public async Task WdbcMlp_TwoClinics_DiagnosesTheHoldout()
    {
        var streams = new Streams(
            Cells,
            new Streams.Part(StreamRole.Train, Records("clinic-a.csv", Cells)),
            new Streams.Part(StreamRole.Train, Records("clinic-b.csv", Cells)),
            new Streams.Part(StreamRole.Evaluate, Records("holdout.csv", Cells)));
        var model = await Train("wdbc_mlp", streams, Samples.Plan with { Epochs = 15, Standardize = true, Interleaving = new Interleaving.Shuffle(512) });
        Assert.True(model.Epochs[^1].Evaluation!.Accuracy >= 0.95);
    }

    [Fact]
    public async Task DigitsCnn_ReadsTheHoldout()
    {
        var streams = new Streams(
            Digits,
            new Streams.Part(StreamRole.Train, Records("digits-train.csv", Digits)),
            new Streams.Part(StreamRole.Evaluate, Records("digits-holdout.csv", Digits)));
        var model = await Train("digits_cnn", streams, Samples.Plan with { BatchSize = 64, Epochs = 3, Optimizer = new Optimizer.AdamW { LearningRate = 3e-3 } });
        Assert.True(model.Epochs[^1].Evaluation!.Accuracy >= 0.9);
    }

    [Fact]
    public async Task CharGpt_LearnsSonnets()
    {
        var streams = new Streams(Sonnets, new Streams.Part(StreamRole.Train, Records("sonnets.txt", Sonnets)));
        var model = await Train("char_gpt", streams, Samples.Plan with { Epochs = 6, Optimizer = new Optimizer.AdamW { LearningRate = 3e-3 } });
        Assert.True(model.Epochs[^1].TrainingLoss < 3); // guessing among 128 characters costs 4.85
    }

    private static Task<TrainedModel> Train(string program, Streams streams, TrainingPlan plan)
    {
        var archive = VerifiedProgram.Verify(File.ReadAllBytes(InTree("programs", program + ".pt")));
        return new Trainer(archive, streams.Schema, streams.Schedule(plan), streams).TrainAsync();
    }

    private static byte[] Records(string file, DataSchema schema)
    {
        using var reader = RecordReader.Open(InTree("datasets", file), schema);
        var records = new MemoryStream();
        reader.CopyTo(records.Write);
        return records.ToArray();
    }

    private static string InTree(string folder, string file) => Path.Combine(AppContext.BaseDirectory, folder, file);
}
