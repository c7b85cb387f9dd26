using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Training.Run;
using TorchSharp;

namespace Orchestrator.Training.Tests;

public sealed class TrainerTests(ProgramFolder programs)
{
    [Fact]
    public async Task Train_SeparableData_LearnsIt()
    {
        var model = await Flowers().Trainer(programs, "mlp", Samples.Plan with { Epochs = 20, Standardize = true }).TrainAsync();
        Assert.Equal(20, model.Epochs.Count);
        Assert.False(model.StoppedEarly);
        Assert.True(model.Epochs[^1].Evaluation!.Accuracy > 0.95);
        Assert.True(model.Epochs[^1].TrainingLoss < model.Epochs[0].TrainingLoss / 4);
    }

    [Fact]
    public async Task Train_CharacterModel_LearnsTheNextToken()
    {
        var streams = Make(Samples.Text, 200, 60);
        var model = await streams.Trainer(programs, "tokens", Samples.Plan with { Epochs = 10 }).TrainAsync();
        Assert.True(model.Epochs[^1].Evaluation!.Accuracy > 0.99);
    }

    [Theory]
    [InlineData("binary")]
    [InlineData("binary_flat")]
    public async Task Train_BinaryLabels_LearnsThem(string program)
    {
        var plan = Samples.Plan with { Loss = Loss.BinaryCrossEntropyWithLogits, Epochs = 20 };
        var model = await Make(Samples.Yes, 120, 40).Trainer(programs, program, plan).TrainAsync();
        Assert.True(model.Epochs[^1].Evaluation!.Accuracy > 0.95);
    }

    [Fact]
    public async Task Train_RealTargets_ReportsTheirError()
    {
        var plan = Samples.Plan with { Loss = Loss.MeanSquaredError, Epochs = 60, Standardize = true };
        var evaluation = (await Make(Samples.Targets, 120, 40).Trainer(programs, "regression", plan).TrainAsync()).Epochs[^1].Evaluation!;
        Assert.Null(evaluation.Accuracy);
        Assert.True(evaluation.MeanAbsoluteError < 0.5);
    }

    [Theory]
    [InlineData("mlp", 1)]
    [InlineData("convolutional", 1)]
    [InlineData("convolutional", 2)]
    public async Task Train_Twice_GivesTheSameBits(string program, int threads)
    {
        var plan = Samples.Plan with { Threads = threads, Interleaving = new Interleaving.Shuffle(32), Standardize = true };
        var streams = Make(program == "mlp" ? Samples.Flowers : Samples.Images, 90, 30);
        var first = await streams.Trainer(programs, program, plan).TrainAsync();
        var second = await streams.Trainer(programs, program, plan).TrainAsync();
        Assert.Equal(Bits(first), Bits(second));
        Assert.Equal(first.Epochs, second.Epochs);
        var other = await streams.Trainer(programs, program, plan with { Seed = plan.Seed + 1 }).TrainAsync();
        Assert.NotEqual(Bits(first), Bits(other));
    }

    [Fact]
    public async Task Train_InAScopeOfNobody_LeavesNoTensorBehind()
    {
        var before = torch.Tensor.TotalCount;
        await Make(Samples.Images, 40, 20).Trainer(programs, "convolutional", Samples.Plan with { GradientClipNorm = 1 }).TrainAsync();
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public async Task Train_EveryFrame_IsReadOncePerPass()
    {
        var streams = new Streams(
            Samples.Flowers,
            new Streams.Part(StreamRole.Train, Samples.Records(Samples.Flowers, 25, 1)),
            new Streams.Part(StreamRole.Evaluate, Samples.Records(Samples.Flowers, 11, 2)),
            new Streams.Part(StreamRole.Train, Samples.Records(Samples.Flowers, 7, 3)));
        await streams.Trainer(programs, "mlp", Samples.Plan with { Epochs = 2, Standardize = true }).TrainAsync();
        Assert.Equal(((3 + 1) * 3) + (2 * 2), streams.FramesRead);
    }

    [Fact]
    public async Task Train_Standardised_DeliversMeanAndDeviationOfAllTrainingStreams()
    {
        var parts = new[] { Samples.Records(Samples.Flowers, 25, 1), Samples.Records(Samples.Flowers, 40, 3) };
        var streams = new Streams(Samples.Flowers, [.. parts.Select(records => new Streams.Part(StreamRole.Train, records))]);
        var model = await streams.Trainer(programs, "mlp", Samples.Plan with { Epochs = 1, Standardize = true }).TrainAsync();

        var size = Samples.Flowers.RecordSize;
        var records = parts.SelectMany(part => part.Chunk(size)).ToArray();
        for (var feature = 0; feature < 4; feature++)
        {
            var values = records.Select(record => (double)BitConverter.ToSingle(record, feature * sizeof(float))).ToArray();
            var mean = values.Average();
            var deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
            Assert.Equal(mean, model.Standardization!.Mean[feature], 1e-5);
            Assert.Equal(deviation, model.Standardization.Deviation[feature], 1e-5);
        }
    }

    [Fact]
    public async Task Train_FeatureThatNeverChanges_KeepsDeviationOne()
    {
        var records = Samples.Records(Samples.Flowers, 20, 1);
        foreach (var record in Enumerable.Range(0, 20))
        {
            BitConverter.TryWriteBytes(records.AsSpan(record * Samples.Flowers.RecordSize), 3.5f);
        }

        var streams = new Streams(Samples.Flowers, new Streams.Part(StreamRole.Train, records));
        var model = await streams.Trainer(programs, "mlp", Samples.Plan with { Standardize = true }).TrainAsync();
        Assert.Equal((3.5f, 1f), (model.Standardization!.Mean[0], model.Standardization.Deviation[0]));
    }

    [Fact]
    public async Task Train_NoImprovement_StopsAfterThePatience()
    {
        var plan = Samples.Plan with { Epochs = 50, EarlyStopping = new EarlyStopping(Patience: 2, MinDelta: 1e6) };
        var streams = Flowers();
        var model = await streams.Trainer(programs, "mlp", plan).TrainAsync();
        Assert.True(model.StoppedEarly);
        Assert.Equal(3, model.Epochs.Count); // the first epoch improves on nothing, two do not improve on it
        Assert.Equal(3 * (12 + 4), streams.FramesRead); // and nothing of the fourth was read
    }

    [Fact]
    public async Task Train_Progress_CountsEveryBatchAndEpoch()
    {
        var reports = new Reports();
        await Flowers().Trainer(programs, "mlp", Samples.Plan with { Epochs = 2 }).TrainAsync(reports);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8], reports.All.Select(report => report.Batch));
        Assert.Equal([0, 1], reports.All.Where(report => report.Completed is not null).Select(report => report.Completed!.Epoch));
        Assert.All(reports.All, report => Assert.True(double.IsFinite(report.Loss)));
    }

    [Fact]
    public async Task Train_StepSchedule_LowersTheRateEpochByEpoch()
    {
        var plan = Samples.Plan with { Optimizer = new Optimizer.Sgd { LearningRate = 0.1 }, Schedule = new Schedule.Step(1, 0.5) };
        var model = await Flowers().Trainer(programs, "mlp", plan).TrainAsync();
        Assert.Equal([0.1, 0.05, 0.025], model.Epochs.Select(epoch => epoch.LearningRate));
    }

    internal static Streams Make(Data.Schemas.DataSchema schema, int training, int evaluation) => new(
        schema,
        new Streams.Part(StreamRole.Train, Samples.Records(schema, training, 1)),
        new Streams.Part(StreamRole.Evaluate, Samples.Records(schema, evaluation, 2)));

    private static Streams Flowers() => Make(Samples.Flowers, 120, 40);

    private static string[] Bits(TrainedModel model) =>
        [.. model.State.Select(tensor => tensor.Name + " " + Convert.ToHexString(tensor.Data.Span))];

    private sealed class Reports : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> All { get; } = [];

        public void Report(TrainingProgress value) => All.Add(value);
    }
}
