using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Host.Sessions;

/// <summary>Follows a run's progress: thins it out for the log, and tells when an epoch is over.</summary>
internal sealed class EpochWatch(TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(250);

    private readonly ChangeSignal _epochEnded = new();
    private RunProgress? _pending;
    private uint _epoch;
    private DateTimeOffset _noted = DateTimeOffset.MinValue;

    /// <summary>Takes a report, and gives it back if it is time to write one down.</summary>
    public RunProgress? Take(RunProgress progress)
    {
        if (progress.Epoch > _epoch)
        {
            _epoch = progress.Epoch;
            _epochEnded.Pulse();
        }

        _pending = progress;
        DateTimeOffset now = time.GetUtcNow();
        if (now - _noted < s_interval)
        {
            return null;
        }

        _noted = now;
        return Rest();
    }

    /// <summary>The last report, if it was not given back.</summary>
    public RunProgress? Rest()
    {
        RunProgress? rest = _pending;
        _pending = null;
        return rest;
    }

    /// <summary>Completes when the present epoch is over.</summary>
    public Task NextAsync(CancellationToken cancellationToken) => _epochEnded.Next.WaitAsync(cancellationToken);
}
