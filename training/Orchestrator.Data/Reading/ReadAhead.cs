namespace Orchestrator.Data.Reading;

/// <summary>
/// Asks for a job's frames before they are needed, from one pass into the next, so that reading overlaps computing. A job that may stop
/// early is not read ahead beyond the end of an epoch: it asks for no frame that it does not use. For one reader at a time, which takes
/// frames in the schedule's order.
/// </summary>
public sealed class ReadAhead : IFrameReader, IDisposable
{
    private readonly IFrameReader _frames;
    private readonly int _depth;
    private readonly bool _mayStopEarly;
    private readonly IEnumerator<(int Epoch, FramePosition Frame)> _order;
    private readonly Queue<(FramePosition Frame, Task<ReadOnlyMemory<byte>> Reading)> _ahead = new();
    private bool _more;
    private int _epoch;

    /// <summary>Starts before the first pass.</summary>
    /// <param name="schedule">All passes of the job.</param>
    /// <param name="frames">Where frames come from, by the job's stream numbers.</param>
    /// <param name="depth">Frames that may be under way before they are needed, at least 1.</param>
    public ReadAhead(JobSchedule schedule, IFrameReader frames, int depth = TileBuffers.AskedAhead)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        _frames = frames;
        _depth = depth;
        _mayStopEarly = schedule.Plan.EarlyStopping is not null;
        _order = schedule.Passes().SelectMany(pass => schedule.Frames(pass).Select(frame => (pass.Epoch, frame))).GetEnumerator();
        _more = _order.MoveNext();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The frame is not the next of the schedule.</exception>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(FramePosition frame, CancellationToken cancellation)
    {
        if (_ahead.Count == 0 && _more)
        {
            Ask();
        }

        if (!_ahead.TryDequeue(out var next) || next.Frame != frame)
        {
            throw new InvalidOperationException($"{frame} is not the next frame of the schedule.");
        }

        while (_more && _ahead.Count < _depth && !(_mayStopEarly && _order.Current.Epoch > _epoch))
        {
            Ask();
        }

        return new ValueTask<ReadOnlyMemory<byte>>(next.Reading.WaitAsync(cancellation));
    }

    /// <inheritdoc/>
    public void Dispose() => _order.Dispose();

    private void Ask()
    {
        (_epoch, var frame) = _order.Current;

        // Not the caller's token: it ends with the pass, and this frame may be the next one's.
        _ahead.Enqueue((frame, _frames.ReadAsync(frame, CancellationToken.None).AsTask()));
        _more = _order.MoveNext();
    }
}
