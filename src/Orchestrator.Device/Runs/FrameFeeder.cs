using Orchestrator.Data.Reading;
using Orchestrator.Device.Dma;
using Orchestrator.Device.Sxp;
using Orchestrator.Device.Tiles;
using Orchestrator.Errors;

namespace Orchestrator.Device.Runs;

/// <summary>
/// Gives the tiles their frames in the one order that the plan prescribes, which it computes itself, and reads ahead of
/// them. It never reads a frame that the plan might not use.
/// </summary>
public sealed class FrameFeeder : IAsyncDisposable
{
    private readonly IReadOnlyList<InputStream> _streams;
    private readonly IngressTile _ingress;
    private readonly CancellationTokenSource _cancellation;
    private readonly IEnumerator<IEnumerable<FramePosition>> _stretches;
    private readonly Queue<(FramePosition Position, Task<SealedFrame> Frame)> _window = new();
    private IEnumerator<FramePosition>? _stretch;

    /// <param name="schedule">The order.</param>
    /// <param name="streams">The data streams, in the schedule's order.</param>
    /// <param name="ingress">Reads.</param>
    /// <param name="cancellation">Ends reads that are under way.</param>
    public FrameFeeder(JobSchedule schedule, IReadOnlyList<InputStream> streams, IngressTile ingress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        _streams = streams;
        _ingress = ingress;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _stretches = Stretches(schedule).GetEnumerator();
    }

    /// <summary>The frame that the tiles ask for, which must be the plan's next; the caller disposes of it.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.TilesOutOfPlan"/>, or as <see cref="IngressTile.FetchAsync"/>.</exception>
    public async Task<SealedFrame> NextAsync(FramePosition asked)
    {
        if (_window.Count == 0 && _stretches.MoveNext())
        {
            _stretch = Begin(_stretches.Current);
            Fill();
        }

        if (!_window.TryPeek(out (FramePosition Position, Task<SealedFrame> Frame) next) || next.Position != asked)
        {
            throw new OrchestratorException(DeviceErrors.TilesOutOfPlan, $"The tiles asked for frame {asked.Frame} of data stream {asked.Stream}, which is not the plan's next.");
        }

        SealedFrame frame = await _ingress.ArrivalAsync(next.Frame).ConfigureAwait(false);
        _window.Dequeue();
        Fill();
        return frame;
    }

    /// <summary>Ends what is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _cancellation.CancelAsync().ConfigureAwait(false);
        foreach ((_, Task<SealedFrame> frame) in _window)
        {
            await ((Task)frame).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (frame.IsCompletedSuccessfully)
            {
                frame.Result.Dispose();
            }
        }

        _cancellation.Dispose();
    }

    // Where training may stop early, reading ahead ends with the pass.
    private static IEnumerable<IEnumerable<FramePosition>> Stretches(JobSchedule schedule)
    {
        IEnumerable<IEnumerable<FramePosition>> passes = schedule.Passes().Select(schedule.Frames);
        return schedule.Plan.EarlyStopping is null ? [passes.SelectMany(frames => frames)] : passes;
    }

    private static IEnumerator<FramePosition>? Begin(IEnumerable<FramePosition> frames)
    {
        IEnumerator<FramePosition> stretch = frames.GetEnumerator();
        return stretch.MoveNext() ? stretch : null;
    }

    // The encryption unit's contexts bound how many are under way of one stream. A frame that is under way is not asked for again before it is there: small streams come round often.
    private void Fill()
    {
        while (_stretch is not null && _window.Count < TileBuffers.ReadAhead && _window.All(read => read.Position != _stretch.Current))
        {
            FramePosition position = _stretch.Current;
            _window.Enqueue((position, _ingress.FetchAsync(_streams[position.Stream], position.Frame, _cancellation.Token)));
            _stretch = _stretch.MoveNext() ? _stretch : null;
        }
    }
}
