using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;

namespace Orchestrator.Data.Tests.Reading;

public sealed class ReadAheadTests
{
    private static readonly TrainingPlan Plan = new()
    {
        Loss = Loss.CrossEntropy,
        Optimizer = new Optimizer.Sgd { LearningRate = 1 },
        BatchSize = 1,
        Epochs = 3,
        Seed = 0,
        Threads = 1,
        Interleaving = new Interleaving.Shuffle(3),
    };

    private static readonly JobStream[] Streams = [new(StreamRole.Train, new StreamShape(10, 2)), new(StreamRole.Evaluate, new StreamShape(2, 1))];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task Frames_TakenInOrder_ArriveInOrderAndAreAskedForOnce(int depth)
    {
        var schedule = new JobSchedule(Plan with { Standardize = true }, Streams);
        var order = schedule.Passes().SelectMany(schedule.Frames).ToList();
        var frames = new CountingFrames();
        using var ahead = new ReadAhead(schedule, frames, depth);
        for (var taken = 0; taken < order.Count; taken++)
        {
            Assert.Equal(order[taken].Frame, (await ahead.ReadAsync(order[taken], default)).Span[0]);
            Assert.Equal(Math.Min(order.Count, taken + 1 + depth), frames.Asked.Count);
        }

        Assert.Equal(order, frames.Asked);
    }

    [Fact]
    public async Task Job_ThatMayStopEarly_IsReadAheadToTheEndOfTheEpochOnly()
    {
        var schedule = new JobSchedule(Plan with { EarlyStopping = new EarlyStopping(1, 0) }, Streams);
        var frames = new CountingFrames();
        using var ahead = new ReadAhead(schedule, frames, depth: 100);
        for (var epoch = 0; epoch < Plan.Epochs; epoch++)
        {
            foreach (var frame in schedule.Frames(new Pass(PassKind.Train, epoch)).Concat(schedule.Frames(new Pass(PassKind.Evaluate, epoch))))
            {
                await ahead.ReadAsync(frame, default);
                Assert.Equal(7 * (epoch + 1), frames.Asked.Count);
            }
        }
    }

    [Fact]
    public void Frame_OutOfOrder_Throws()
    {
        var schedule = new JobSchedule(Plan, Streams);
        using var ahead = new ReadAhead(schedule, new CountingFrames());
        var order = schedule.Frames(new Pass(PassKind.Train, 0)).ToList();
        Assert.Throws<InvalidOperationException>(() => { ahead.ReadAsync(order[1], default).AsTask().Wait(); });
    }

    [Fact]
    public async Task Frame_AskedForByACancelledPass_IsStillThereForTheNext()
    {
        var schedule = new JobSchedule(Plan, Streams);
        var frames = new CountingFrames();
        using var ahead = new ReadAhead(schedule, frames);
        using var pass = new CancellationTokenSource();
        var order = schedule.Frames(new Pass(PassKind.Train, 0)).ToList();
        await ahead.ReadAsync(order[0], pass.Token);
        await pass.CancelAsync();
        Assert.Equal(order[1].Frame, (await ahead.ReadAsync(order[1], default)).Span[0]);
        Assert.All(frames.Tokens, token => Assert.False(token.CanBeCanceled));
    }

    private sealed class CountingFrames : IFrameReader
    {
        public List<FramePosition> Asked { get; } = [];

        public List<CancellationToken> Tokens { get; } = [];

        public ValueTask<ReadOnlyMemory<byte>> ReadAsync(FramePosition frame, CancellationToken cancellation)
        {
            Asked.Add(frame);
            Tokens.Add(cancellation);
            return new ValueTask<ReadOnlyMemory<byte>>(new[] { (byte)frame.Frame });
        }
    }
}
