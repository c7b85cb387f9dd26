using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;

namespace Orchestrator.Data.Tests.Reading;

public sealed class JobScheduleTests
{
    private static readonly TrainingPlan Plan = new()
    {
        Loss = Loss.CrossEntropy,
        Optimizer = new Optimizer.Sgd { LearningRate = 1 },
        BatchSize = 1,
        Epochs = 2,
        Seed = 0,
        Threads = 1,
        Interleaving = new Interleaving.RoundRobin(),
    };

    private static readonly JobStream[] Streams =
    [
        new(StreamRole.Train, new StreamShape(4, 2)),
        new(StreamRole.Evaluate, new StreamShape(3, 2)),
        new(StreamRole.Train, new StreamShape(2, 2)),
    ];

    [Fact]
    public void Passes_OfAPlan_StandardizeThenTrainAndEvaluateEachEpoch()
    {
        var schedule = new JobSchedule(Plan with { Standardize = true }, Streams);
        Assert.Equal(
            [new(PassKind.Standardize, 0), new(PassKind.Train, 0), new(PassKind.Evaluate, 0), new(PassKind.Train, 1), new Pass(PassKind.Evaluate, 1)],
            schedule.Passes());
        Assert.Equal([new(PassKind.Train, 0), new Pass(PassKind.Train, 1)], new JobSchedule(Plan, Streams[..1]).Passes());
    }

    [Fact]
    public void Passes_OfAResumedJob_BeginAfterTheEpochsThatAreDone()
    {
        var schedule = new JobSchedule(Plan with { Standardize = true, Epochs = 3 }, Streams, firstEpoch: 2);
        Assert.Equal([new(PassKind.Train, 2), new Pass(PassKind.Evaluate, 2)], schedule.Passes());
    }

    [Fact]
    public void Frames_OfEachPass_AreNumberedAsTheJobsStreams()
    {
        var schedule = new JobSchedule(Plan, Streams);
        Assert.Equal([new(0, 0), new(2, 0), new FramePosition(0, 1)], schedule.Frames(new Pass(PassKind.Train, 0)));
        Assert.Equal([new(0, 0), new(0, 1), new FramePosition(2, 0)], schedule.Frames(new Pass(PassKind.Standardize, 0)));
        Assert.Equal([new(1, 0), new FramePosition(1, 1)], schedule.Frames(new Pass(PassKind.Evaluate, 0)));
    }
}
