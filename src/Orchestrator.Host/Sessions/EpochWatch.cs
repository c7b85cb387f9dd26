using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Host.Sessions;

/// <summary>Follows a run's progress: thins it out for the log, and knows how far the run is.</summary>
internal sealed class EpochWatch(TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(250);

    private RunProgress? _pending;
    private DateTimeOffset _noted = DateTimeOffset.MinValue;

    /// <summary>The epochs that are done, as far as reported.</summary>
    public uint Epoch { get; private set; }

    /// <summary>Takes a report, and gives it back if it is time to write one down.</summary>
    public RunProgress? Take(RunProgress progress)
    {
        Epoch = Math.Max(Epoch, progress.Epoch);

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
}
