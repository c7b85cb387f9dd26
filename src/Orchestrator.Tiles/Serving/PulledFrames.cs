using System.Collections.Concurrent;
using Orchestrator.Data.Reading;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;

namespace Orchestrator.Tiles.Serving;

/// <summary>Frames that the controller decrypts: asked for through the outbox, answered in the order of asking.</summary>
internal sealed class PulledFrames(TileMessage.Configure job, Outbox outbox) : IFrameReader
{
    private readonly ConcurrentQueue<(FramePosition Position, TaskCompletionSource<ReadOnlyMemory<byte>> Frame)> _asked = new();

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(FramePosition frame, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<ReadOnlyMemory<byte>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked.Enqueue((frame, answer));
        outbox.Post(new TileMessage.NeedFrame(frame));
        return new ValueTask<ReadOnlyMemory<byte>>(answer.Task.WaitAsync(cancellation));
    }

    /// <summary>Takes the controller's next answer.</summary>
    /// <exception cref="OrchestratorException"><see cref="TileErrors.MessageUnexpected"/> when it is not the answer to what was asked first.</exception>
    public void Deliver(TileMessage.Frame frame)
    {
        if (!_asked.TryDequeue(out var next) || next.Position != frame.Position)
        {
            throw new OrchestratorException(TileErrors.MessageUnexpected, $"{frame.Position} was not asked for, or not next.");
        }

        var stream = job.Streams[frame.Position.Stream];
        var expected = stream.Shape.RecordsIn(frame.Position.Frame) * stream.Schema.RecordSize;
        if (frame.Plaintext.Length != expected)
        {
            throw new OrchestratorException(TileErrors.MessageUnexpected, $"{frame.Position} has {frame.Plaintext.Length} bytes, not {expected}.");
        }

        // Its place in the shared memory is wiped and used again before the records are.
        next.Frame.SetResult(frame.Plaintext.ToArray());
    }
}
