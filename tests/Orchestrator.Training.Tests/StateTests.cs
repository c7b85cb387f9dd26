using System.Text;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.SafeTensors;
using Orchestrator.Errors;
using Orchestrator.Training.State;
using TorchSharp;

namespace Orchestrator.Training.Tests;

/// <summary>Training states: what is in them, when they are made, and which are refused. Other processes: Orchestrator.Tiles.Tests.</summary>
public sealed class StateTests(ProgramFolder programs)
{
    private static readonly TrainingPlan Plan = Samples.Plan with
    {
        Epochs = 5,
        Standardize = true,
        Interleaving = new Interleaving.Shuffle(32),
        Optimizer = new Optimizer.Sgd { LearningRate = 0.05, Momentum = 0.9 },
    };

    public static TheoryData<string> Changes { get; } = [.. ChangedStates.Keys];

    private static Dictionary<string, Func<IEnumerable<SafeTensor>, IEnumerable<SafeTensor>>> ChangedStates => new()
    {
        ["no job"] = tensors => tensors.Where(tensor => tensor.Name != "job"),
        ["no generator"] = tensors => tensors.Where(tensor => tensor.Name != "generator"),
        ["no metrics"] = tensors => tensors.Where(tensor => !tensor.Name.StartsWith("epochs/", StringComparison.Ordinal)),
        ["no epoch"] = tensors => tensors.Select(tensor =>
            tensor.Name.StartsWith("epochs/", StringComparison.Ordinal) ? tensor with { Shape = [0], Data = default } : tensor),
        ["another number of accuracies"] = tensors => Replace(tensors, "epochs/accuracy", tensor => tensor with { Shape = [1], Data = tensor.Data[..8] }),
        ["another number of losses"] = tensors => Replace(tensors, "epochs/train_loss", tensor => tensor with { Shape = [1], Data = tensor.Data[..8] }),
        ["another number of evaluations"] = tensors => Replace(tensors, "epochs/evaluation_loss", tensor => tensor with { Shape = [1], Data = tensor.Data[..8] }),
        ["metrics in two dimensions"] = tensors => Replace(tensors, "epochs/train_loss", tensor => tensor with { Shape = [1, 2] }),
        ["a loss that is no number"] = tensors => Replace(tensors, "epochs/train_loss", tensor => tensor with { Data = Enumerable.Repeat((byte)255, tensor.Data.Length).ToArray() }),
        ["metrics of another type"] = tensors => Replace(tensors, "epochs/train_loss", tensor => tensor with { Type = SafeTensorType.I64 }),
        ["both measures"] = tensors => tensors.Append(tensors.First(tensor => tensor.Name == "epochs/accuracy") with { Name = "epochs/mean_absolute_error" }),
        ["a foreign tensor"] = tensors => tensors.Append(new SafeTensor("more", SafeTensorType.U8, [0], default)),
    };

    public static TheoryData<string> Mismatches { get; } = [.. MismatchedStates.Keys];

    private static Dictionary<string, Func<IEnumerable<SafeTensor>, IEnumerable<SafeTensor>>> MismatchedStates => new()
    {
        ["another job"] = tensors => Replace(tensors, "job", tensor => tensor with { Data = new byte[32] }),
        ["a shorter job"] = tensors => Replace(tensors, "job", tensor => tensor with { Shape = [31], Data = tensor.Data[..31] }),
        ["a generator of zeros"] = tensors => Replace(tensors, "generator", tensor => tensor with { Data = new byte[tensor.Data.Length] }),
        ["a generator cut off"] = tensors => Replace(tensors, "generator", tensor => tensor with { Shape = [5055], Data = tensor.Data[..5055] }),
        ["no parameter"] = tensors => tensors.Where(tensor => tensor.Name != "model/out.bias"),
        ["no buffer"] = tensors => tensors.Where(tensor => tensor.Name != "model/norm.running_mean"),
        ["one parameter more"] = tensors => tensors.Append(new SafeTensor("model/more", SafeTensorType.F32, [0], default)),
        ["a parameter of another shape"] = tensors => Replace(tensors, "model/out.bias", tensor => tensor with { Shape = [1, 3] }),
        ["a parameter of another type"] = tensors => Replace(tensors, "model/out.bias", tensor => tensor with { Type = SafeTensorType.I32 }),
        ["one memory more"] = tensors => tensors.Append(new SafeTensor("optimizer/out.bias/step", SafeTensorType.I64, [], new byte[8])),
        ["a memory of no parameter"] = tensors => tensors.Append(new SafeTensor("optimizer/norm.running_mean/momentum_buffer", SafeTensorType.F32, [4], new byte[16])),
        ["a memory of another shape"] = tensors => Replace(tensors, "optimizer/out.bias/momentum_buffer", tensor => tensor with { Shape = [3, 1] }),
        ["no standardisation"] = tensors => tensors.Where(tensor => !tensor.Name.StartsWith("standardization/", StringComparison.Ordinal)),
        ["no evaluation"] = tensors => tensors.Where(tensor => tensor.Name is not ("epochs/accuracy" or "epochs/evaluation_loss")),
        ["another measure"] = tensors => Replace(tensors, "epochs/accuracy", tensor => tensor with { Name = "epochs/mean_absolute_error" }),
        ["means of other features"] = tensors => Replace(tensors, "standardization/mean", tensor => tensor with { Shape = [63], Data = tensor.Data[..^4] }),
        ["half a standardisation"] = tensors => tensors.Where(tensor => tensor.Name != "standardization/mean"),
    };

    [Fact]
    public async Task Checkpoints_AreMadeWhereAskedFor_AndNowhereElse()
    {
        var made = new List<int>();
        await Images().Trainer(programs, "convolutional", Plan).TrainAsync(session: new TrainingSession { CheckpointEveryEpochs = 2, Checkpoint = state => made.Add(state.Epochs) });
        Assert.Equal([2, 4], made);
        await Images().Trainer(programs, "convolutional", Plan).TrainAsync(session: new TrainingSession { CheckpointEveryEpochs = 5, Checkpoint = state => made.Add(state.Epochs) });
        await Images().Trainer(programs, "convolutional", Plan).TrainAsync(session: new TrainingSession { Checkpoint = state => made.Add(state.Epochs) });
        Assert.Equal([2, 4], made);
    }

    [Fact]
    public async Task Resumed_GivesTheBitsAndMetricsOfTheWhole_AndReadsOnlyTheRest()
    {
        var whole = await Images().Trainer(programs, "convolutional", Plan).TrainAsync();
        var state = await StateAsync(3);
        var streams = Images();
        var rest = await ResumeAsync(streams, TrainingState.Parse(state.ToBytes()));
        Assert.Equal(whole.ToSafeTensors(), rest.ToSafeTensors());
        Assert.Equal(whole.Epochs, rest.Epochs);
        var schedule = streams.Schedule(Plan, 3);
        Assert.Equal(schedule.Passes().SelectMany(schedule.Frames).Count(), streams.FramesRead);
    }

    [Fact]
    public async Task CaptureAndRestore_LeaveNoTensorBehind()
    {
        var before = torch.Tensor.TotalCount;
        var state = await StateAsync(2);
        Assert.Equal(before, torch.Tensor.TotalCount);
        await ResumeAsync(Images(), state);
        Assert.Equal(before, torch.Tensor.TotalCount);

        // The first copy leaves the optimiser's own references to its memory, one a parameter; later ones add nothing.
        var ends = new List<long>();
        var session = new TrainingSession { CheckpointEveryEpochs = 1 };
        await Images().Trainer(programs, "convolutional", Plan).TrainAsync(new EpochEnds(() => ends.Add(torch.Tensor.TotalCount)), session);
        Assert.Equal([0, 6, 6, 6, 6], ends.Select(count => count - ends[0]));
    }

    [Fact]
    public async Task Finish_EndsWithTheEpochAtHand()
    {
        using var finish = new CancellationTokenSource();
        var whole = await Images().Trainer(programs, "convolutional", Plan).TrainAsync();
        var session = new TrainingSession { Finish = finish.Token };
        var finished = await Images().Trainer(programs, "convolutional", Plan).TrainAsync(new EpochEnds(finish.Cancel), session);
        Assert.True(finished.StoppedEarly);
        Assert.Equal(whole.Epochs.Take(1), finished.Epochs);
    }

    [Fact]
    public async Task Encoding_ReadBack_IsTheSame()
    {
        var state = await StateAsync(2);
        var again = TrainingState.Parse(state.ToBytes());
        Assert.Equal(2, again.Epochs);
        Assert.Equal(state.ToBytes().ToArray(), again.ToBytes().ToArray());
        Assert.Equal(
            ["epochs/accuracy", "epochs/evaluation_loss", "epochs/learning_rate", "epochs/train_loss", "generator", "job"],
            SafeTensorFile.Read(state.ToBytes()).Select(tensor => tensor.Name).Where(name => name.Split('/')[0] is "epochs" or "generator" or "job"));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task State_ThatIsNone_IsMalformed(string change)
    {
        var altered = Altered(await StateAsync(2), ChangedStates[change]);
        Assert.Equal(TrainingErrors.StateMalformed, Assert.Throws<OrchestratorException>(() => TrainingState.Parse(altered)).Code);
    }

    [Fact]
    public async Task State_InAnotherForm_IsMalformed()
    {
        var bytes = (await StateAsync(2)).ToBytes().ToArray();
        Assert.All(Enumerable.Range(0, 200), length => AssertMalformed(bytes[..(bytes.Length * length / 200)]));
        AssertMalformed([.. bytes, 0]);
        AssertMalformed(Encoding.UTF8.GetBytes("{}"));

        // The same tensors with metadata, and with a header that is padded further.
        using var file = new MemoryStream();
        SafeTensorFile.Write(file, SafeTensorFile.Read(bytes), new Dictionary<string, string> { ["by"] = "hand" });
        AssertMalformed(file.ToArray());
        byte[] padded = [.. bytes[..8], .. bytes[8..(8 + BitConverter.ToInt32(bytes))], .. "        "u8, .. bytes[(8 + BitConverter.ToInt32(bytes))..]];
        BitConverter.TryWriteBytes(padded, BitConverter.ToInt64(bytes) + 8);
        Assert.NotEmpty(SafeTensorFile.Read(padded));
        AssertMalformed(padded);
    }

    [Theory]
    [MemberData(nameof(Mismatches))]
    public async Task State_ThatDoesNotFit_IsRefusedBeforeAStep(string mismatch)
    {
        var state = TrainingState.Parse(Altered(await StateAsync(2), MismatchedStates[mismatch]));
        var streams = Images();
        var error = await Assert.ThrowsAsync<OrchestratorException>(() => ResumeAsync(streams, state));
        Assert.Equal(TrainingErrors.StateMismatch, error.Code);
        Assert.Equal(0, streams.FramesRead);
    }

    public static TheoryData<string> MismatchedMemories { get; } = [.. MemoriesOfAdam.Keys];

    private static Dictionary<string, Func<IEnumerable<SafeTensor>, IEnumerable<SafeTensor>>> MemoriesOfAdam => new()
    {
        ["no step"] = tensors => tensors.Where(tensor => tensor.Name != "optimizer/out.bias/step"),
        ["a step of another type"] = tensors => Replace(tensors, "optimizer/out.bias/step", tensor => tensor with { Type = SafeTensorType.F64 }),
        ["steps"] = tensors => Replace(tensors, "optimizer/out.bias/step", tensor => tensor with { Shape = [1] }),
        ["no moment"] = tensors => tensors.Where(tensor => tensor.Name != "optimizer/out.bias/exp_avg"),
    };

    [Theory]
    [MemberData(nameof(MismatchedMemories))]
    public async Task State_WhoseOptimizerCountsStepsOtherwise_IsRefused(string mismatch)
    {
        var plan = Plan with { Optimizer = new Optimizer.Adam { LearningRate = 0.01 } };
        await ResumeAsync(Images(), await StateAsync(2, plan), plan);
        var state = TrainingState.Parse(Altered(await StateAsync(2, plan), MemoriesOfAdam[mismatch]));
        var error = await Assert.ThrowsAsync<OrchestratorException>(() => ResumeAsync(Images(), state, plan));
        Assert.Equal(TrainingErrors.StateMismatch, error.Code);
    }

    [Fact]
    public async Task State_OfAnotherTraining_IsRefused()
    {
        var state = await StateAsync(2);
        (string Program, TrainingPlan Plan, Streams Streams)[] others =
        [
            ("residual", Plan, Images()),
            ("convolutional", Plan with { Seed = 6 }, Images()),
            ("convolutional", Plan with { Epochs = 6 }, Images()),
            ("convolutional", Plan, TrainerTests.Make(Samples.Images, 89, 30)),
        ];
        foreach (var (program, plan, streams) in others)
        {
            await AssertMismatchAsync(new Trainer(programs.Archive(program), Samples.Images, streams.Schedule(plan, 2), streams), state);
        }
    }

    [Fact]
    public async Task State_OfAnotherEpoch_IsRefused()
    {
        var streams = Images();
        await AssertMismatchAsync(new Trainer(programs.Archive("convolutional"), Samples.Images, streams.Schedule(Plan, 3), streams), await StateAsync(2));
        await AssertMismatchAsync(new Trainer(programs.Archive("convolutional"), Samples.Images, streams.Schedule(Plan, 3), streams), null);
        await AssertMismatchAsync(streams.Trainer(programs, "convolutional", Plan), await StateAsync(2));
    }

    private static Streams Images() => TrainerTests.Make(Samples.Images, 90, 30);

    private static void AssertMalformed(byte[] bytes) =>
        Assert.Equal(TrainingErrors.StateMalformed, Assert.Throws<OrchestratorException>(() => TrainingState.Parse(bytes)).Code);

    private static async Task AssertMismatchAsync(Trainer trainer, TrainingState? state)
    {
        var error = await Assert.ThrowsAsync<OrchestratorException>(() => trainer.TrainAsync(session: new TrainingSession { From = state }));
        Assert.Equal(TrainingErrors.StateMismatch, error.Code);
    }

    private static byte[] Altered(TrainingState state, Func<IEnumerable<SafeTensor>, IEnumerable<SafeTensor>> change)
    {
        using var file = new MemoryStream();
        SafeTensorFile.Write(file, change(SafeTensorFile.Read(state.ToBytes())));
        return file.ToArray();
    }

    private static IEnumerable<SafeTensor> Replace(IEnumerable<SafeTensor> tensors, string name, Func<SafeTensor, SafeTensor> change) =>
        tensors.Select(tensor => tensor.Name == name ? change(tensor) : tensor);

    private async Task<TrainingState> StateAsync(int epochs, TrainingPlan? plan = null)
    {
        TrainingState? made = null;
        using var enough = new CancellationTokenSource();
        var session = new TrainingSession
        {
            CheckpointEveryEpochs = epochs,
            Checkpoint = state =>
            {
                made ??= state;
                enough.Cancel();
            },
            Finish = enough.Token,
        };
        await Images().Trainer(programs, "convolutional", plan ?? Plan).TrainAsync(session: session);
        return made!;
    }

    private Task<TrainedModel> ResumeAsync(Streams streams, TrainingState state, TrainingPlan? plan = null) =>
        new Trainer(programs.Archive("convolutional"), Samples.Images, streams.Schedule(plan ?? Plan, state.Epochs), streams)
            .TrainAsync(session: new TrainingSession { From = state });

    private sealed class EpochEnds(Action then) : IProgress<Run.TrainingProgress>
    {
        public void Report(Run.TrainingProgress value)
        {
            if (value.Completed is not null)
            {
                then();
            }
        }
    }
}
