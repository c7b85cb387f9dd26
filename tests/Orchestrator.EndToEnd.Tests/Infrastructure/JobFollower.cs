using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>Reads a job's events, from the first on.</summary>
internal sealed class JobFollower : IAsyncDisposable
{
    private readonly CancellationTokenSource _limit;
    private readonly IAsyncEnumerator<JobEvent> _stream;
    private readonly List<JobEvent> _events = [];

    public JobFollower(HostConnection host, Digest job, TimeSpan patience)
    {
        _limit = Patience.Begin(patience);
        _stream = host.WatchAsync(job, cancel: _limit.Token).GetAsyncEnumerator();
    }

    /// <summary>What has happened so far.</summary>
    public IReadOnlyList<JobEvent> Events => _events;

    /// <summary>Reads on to the next event of a kind.</summary>
    public async Task<JobEvent> UntilAsync(string kind) =>
        await TryUntilAsync(kind) ? _events[^1] : throw new InvalidOperationException($"The job ended without \"{kind}\": {this}");

    /// <summary>Reads on to the next event of a kind; false if the job ends without.</summary>
    public async Task<bool> TryUntilAsync(string kind)
    {
        while (await MoveNextAsync())
        {
            if (_events[^1].Kind == kind)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads on to the last event.</summary>
    public async Task<JobEvent> ToEndAsync()
    {
        while (await MoveNextAsync())
        {
        }

        return _events[^1];
    }

    public override string ToString() => string.Join("; ", _events.Select(happened => $"{happened.Kind} {happened.Text} {happened.Error?.Code}"));

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _limit.Dispose();
    }

    private async Task<bool> MoveNextAsync()
    {
        try
        {
            if (!await _stream.MoveNextAsync())
            {
                return false;
            }
        }
        catch (OperationCanceledException e) when (_limit.IsCancellationRequested)
        {
            throw new TimeoutException($"Nothing follows on: {this}", e);
        }

        _events.Add(_stream.Current);
        return true;
    }
}
