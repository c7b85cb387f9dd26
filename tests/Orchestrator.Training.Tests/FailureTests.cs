using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using Orchestrator.Training.Run;

namespace Orchestrator.Training.Tests;

public sealed class FailureTests(ProgramFolder programs)
{
    [Theory]
    [InlineData("pair", "program-fails")]
    [InlineData("raises", "program-fails")]
    [InlineData("convolutional", "program-fails")]
    [InlineData("binary", "program-output")]
    [InlineData("tokens", "program-fails")]
    [InlineData("double", "program-output")]
    [InlineData("nan", "program-not-finite")]
    [InlineData("no_parameters", "program-no-parameters")]
    [InlineData("scalar", "program-output")]
    [InlineData("first_only", "program-output")]
    [InlineData("wrong_call", "program-does-not-load")]
    public async Task Program_ThatDoesNotFit_IsRefusedBeforeTraining(string program, string code)
    {
        var streams = TrainerTests.Make(Samples.Flowers, 20, 10);
        var trainer = streams.Trainer(programs, program, Samples.Plan);
        Assert.Equal(code, Assert.Throws<OrchestratorException>(trainer.CheckProgram).Code.Id);
        await AssertFails(code, trainer);
        Assert.Equal(0, streams.FramesRead);
    }

    [Fact]
    public void Program_WithFewerClassesThanTheSchema_SaysWhichShapeIsExpected()
    {
        var schema = Samples.Flowers with { Label = new LabelSchema.Classes(5) };
        var trainer = TrainerTests.Make(schema, 20, 10).Trainer(programs, "mlp", Samples.Plan);
        var error = Assert.Throws<OrchestratorException>(trainer.CheckProgram);
        Assert.Equal("program-output", error.Code.Id);
        Assert.Contains("[N, 5]", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> Mismatches => ["loss", "early", "standardise", "empty"];

    [Theory]
    [MemberData(nameof(Mismatches))]
    public void Plan_ThatTheDataCannotServe_IsRefused(string what)
    {
        var none = new Streams.Part(StreamRole.Train, []);
        var some = new Streams.Part(StreamRole.Train, Samples.Records(Samples.Flowers, 5, 1));
        Action make = what switch
        {
            "loss" => () => new Streams(Samples.Flowers, some).Trainer(programs, "mlp", Samples.Plan with { Loss = Loss.MeanSquaredError }),
            "early" => () => new Streams(Samples.Flowers, some).Trainer(programs, "mlp", Samples.Plan with { EarlyStopping = new EarlyStopping(1, 0) }),
            "standardise" => () => TrainerTests.Make(Samples.Text, 5, 5).Trainer(programs, "tokens", Samples.Plan with { Standardize = true }),
            _ => () => new Streams(Samples.Flowers, none).Trainer(programs, "mlp", Samples.Plan),
        };
        Assert.Equal("training-plan-mismatch", Assert.Throws<OrchestratorException>(make).Code.Id);
    }

    [Fact]
    public async Task Program_ThatFailsInTrainingModeOnly_IsFoundBeforeARecordIsRead()
    {
        var streams = TrainerTests.Make(Samples.Flowers, 20, 10);
        await AssertFails("training-failed", streams.Trainer(programs, "evaluates_only", Samples.Plan));
        Assert.Equal(0, streams.FramesRead);
    }

    [Fact]
    public async Task Program_WithABufferThatNoModelFileCanHold_IsRefused() =>
        await AssertFails("program-tensor-type", TrainerTests.Make(Samples.Flowers, 20, 10).Trainer(programs, "complex", Samples.Plan));

    [Fact]
    public async Task Train_InfinityInTheLastStep_GivesNoModel()
    {
        var plan = Samples.Plan with { Optimizer = new Optimizer.Sgd { LearningRate = 3e38 }, Loss = Loss.MeanSquaredError, BatchSize = 20, Epochs = 1 };
        var streams = new Streams(Samples.Targets, new Streams.Part(StreamRole.Train, Samples.Records(Samples.Targets, 20, 1)));
        var error = await AssertFails("training-not-finite", streams.Trainer(programs, "regression", plan));
        Assert.Contains("after the last batch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_Diverging_StopsAndNamesEpochAndBatch()
    {
        var plan = Samples.Plan with { Optimizer = new Optimizer.Sgd { LearningRate = 1000 }, Loss = Loss.MeanSquaredError, Epochs = 20 };
        var error = await AssertFails("training-not-finite", TrainerTests.Make(Samples.Targets, 64, 10).Trainer(programs, "regression", plan));
        Assert.Matches("epoch [0-9]+, batch [0-9]+ of 4", error.Message);
    }

    [Fact]
    public async Task Train_NaNInTheData_StopsInTheBatchThatHoldsIt()
    {
        var records = Samples.Records(Samples.Flowers, 64, 1);
        BitConverter.TryWriteBytes(records.AsSpan(40 * Samples.Flowers.RecordSize), float.NaN);
        var streams = new Streams(Samples.Flowers, new Streams.Part(StreamRole.Train, records));
        var error = await AssertFails("training-not-finite", streams.Trainer(programs, "mlp", Samples.Plan));
        Assert.Contains("epoch 1, batch 3 of 4", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public async Task Train_LabelOutOfRange_IsRefused(long label)
    {
        var records = Samples.Records(Samples.Flowers, 20, 1);
        BitConverter.TryWriteBytes(records.AsSpan((5 * Samples.Flowers.RecordSize) + Samples.Flowers.FeatureBytes), label);
        await AssertFails("training-label-range", new Streams(Samples.Flowers, new Streams.Part(StreamRole.Train, records)).Trainer(programs, "mlp", Samples.Plan));
    }

    [Fact]
    public async Task Train_TokenOutOfVocabulary_IsTheProgramsFailure()
    {
        var records = Samples.Records(Samples.Text, 20, 1);
        BitConverter.TryWriteBytes(records.AsSpan(0), 99L);
        var streams = new Streams(Samples.Text, new Streams.Part(StreamRole.Train, records));
        var error = await AssertFails("training-failed", streams.Trainer(programs, "tokens", Samples.Plan));
        Assert.Equal("the program failed in epoch 1, batch 1 of 2", error.Message);
    }

    [Fact]
    public async Task Train_ProgramRaisesATextFromTheData_KeepsItOutOfTheMessage()
    {
        var records = Samples.Records(Samples.Flowers, 20, 1);
        BitConverter.TryWriteBytes(records.AsSpan(0), 4711f);
        var streams = new Streams(Samples.Flowers, new Streams.Part(StreamRole.Train, records));
        var error = await AssertFails("training-failed", streams.Trainer(programs, "tells", Samples.Plan));
        Assert.DoesNotContain("4711", error.Message, StringComparison.Ordinal);
        Assert.Contains("4711", error.InnerException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_FrameCannotBeRead_EndsWithTheReadersError()
    {
        var schedule = TrainerTests.Make(Samples.Flowers, 40, 10).Schedule(Samples.Plan);
        var trainer = new Trainer(programs.Archive("mlp"), Samples.Flowers, schedule, new Broken());
        await Assert.ThrowsAsync<EndOfStreamException>(() => trainer.TrainAsync());
    }

    [Fact]
    public async Task Train_Cancelled_EndsBetweenBatches()
    {
        using var source = new CancellationTokenSource();
        var progress = new CancelAfter(source, batches: 5);
        var trainer = TrainerTests.Make(Samples.Flowers, 120, 40).Trainer(programs, "mlp", Samples.Plan with { Epochs = 1000 });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(progress, cancellation: source.Token));
        Assert.Equal(5, progress.Seen);
    }

    private static async Task<OrchestratorException> AssertFails(string code, Trainer trainer)
    {
        var error = await Assert.ThrowsAsync<OrchestratorException>(() => trainer.TrainAsync());
        Assert.Equal(code, error.Code.Id);
        return error;
    }

    private sealed class Broken : IFrameReader
    {
        public ValueTask<ReadOnlyMemory<byte>> ReadAsync(FramePosition frame, CancellationToken cancellation) =>
            ValueTask.FromException<ReadOnlyMemory<byte>>(new EndOfStreamException());
    }

    private sealed class CancelAfter(CancellationTokenSource source, int batches) : IProgress<TrainingProgress>
    {
        public int Seen { get; private set; }

        public void Report(TrainingProgress value)
        {
            if (++Seen == batches)
            {
                source.Cancel();
            }
        }
    }
}
