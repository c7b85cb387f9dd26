using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Data.Tests.Reading;

public sealed class BatchReaderTests
{
    private static readonly DataSchema Schema = new() { FeatureType = ElementType.U8, Shape = [2], Label = new LabelSchema.Classes(200, ElementType.U8) };

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(100)]
    public async Task Batches_OfAnySize_HoldTheScheduledRecordsInOrder(int batchSize)
    {
        var schedule = new ReadSchedule(new Interleaving.Shuffle(5), [new StreamShape(11, 3), new StreamShape(6, 2)], 9);
        var frames = new FakeFrames(schedule);
        var reader = new BatchReader(schedule, Schema, frames);
        var seen = new List<RecordPosition>();
        await foreach (var batch in reader.ReadAsync(2, batchSize))
        {
            Assert.True(batch.Count == batchSize || seen.Count + batch.Count == schedule.TotalRecords);
            for (var index = 0; index < batch.Count; index++)
            {
                Assert.Equal(batch.Features[2 * index], batch.Labels[index] / 100);
                seen.Add(new RecordPosition(batch.Features[2 * index], batch.Features[(2 * index) + 1]));
                Assert.Equal(seen[^1].Record, batch.Labels[index] % 100);
            }
        }

        Assert.Equal(schedule.Records(2), seen);
        Assert.Equal(schedule.Frames(2), frames.Asked);
    }

    [Fact]
    public async Task Reader_GivenAFrameOfAnotherSize_Throws()
    {
        var schedule = new ReadSchedule(new Interleaving.Concatenate(), [new StreamShape(5, 3)], 0);
        var other = new ReadSchedule(new Interleaving.Concatenate(), [new StreamShape(5, 2)], 0);
        var reader = new BatchReader(schedule, Schema, new FakeFrames(other));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await reader.ReadAsync(0, 5).GetAsyncEnumerator().MoveNextAsync());
    }

    [Fact]
    public async Task Reader_WhoseFramesFail_PassesTheFailureOn()
    {
        var schedule = new ReadSchedule(new Interleaving.Concatenate(), [new StreamShape(5, 3)], 0);
        var reader = new BatchReader(schedule, Schema, new FakeFrames(schedule, failAt: 1));
        await Assert.ThrowsAsync<IOException>(async () => await reader.ReadAsync(0, 5).GetAsyncEnumerator().MoveNextAsync());
    }

    /// <summary>Records that spell their own position.</summary>
    private sealed class FakeFrames(ReadSchedule schedule, int failAt = -1) : IFrameReader
    {
        public List<FramePosition> Asked { get; } = [];

        public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(FramePosition frame, CancellationToken cancellation)
        {
            Asked.Add(frame);
            await Task.Yield();
            if (frame.Frame == failAt)
            {
                throw new IOException();
            }

            var shape = schedule.Streams[frame.Stream];
            return Enumerable.Range((int)frame.Frame * shape.RecordsPerFrame, shape.RecordsIn(frame.Frame))
                .SelectMany(record => new[] { (byte)frame.Stream, (byte)record, (byte)((frame.Stream * 100) + record) })
                .ToArray();
        }
    }
}
