using Orchestrator.Data.Reading;

namespace Orchestrator.Training.Batches;

/// <summary>Frames as a pass numbers them, read from streams as the job numbers them.</summary>
internal sealed class PassFrames(JobSchedule schedule, PassKind kind, IFrameReader frames) : IFrameReader
{
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(FramePosition frame, CancellationToken cancellation) =>
        frames.ReadAsync(schedule.InJob(kind, frame), cancellation);
}
