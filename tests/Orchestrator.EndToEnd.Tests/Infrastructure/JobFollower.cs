using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>Reads a job's events, from the first on.</summary>
internal sealed class JobFollower : IAsyncDisposable
{
    private readonly CancellationTokenSource _limit = Patience.Begin();
    private readonly IAsyncEnumerator<JobEvent> _stream;
    private readonly List<JobEvent> _events = [];

    public JobFollower(HostConnection host, Digest job) => _stream = host.WatchAsync(job, cancel: _limit.Token).GetAsyncEnumerator();

    /// <summary>What has happened so far.</summary>
    public IReadOnlyList<JobEvent> Events => _events;

    /// <summary>Reads on to the next event of a kind.</summary>
    public async Task<JobEvent> UntilAsync(string kind)
    {
        while (await _stream.MoveNextAsync())
        {
            _events.Add(_stream.Current);
            if (_stream.Current.Kind == kind)
            {
                return _stream.Current;
            }
        }

        throw new InvalidOperationException($"The job ended without \"{kind}\": {this}");
    }

    /// <summary>Reads on to the last event.</summary>
    public async Task<JobEvent> ToEndAsync()
    {
        while (await _stream.MoveNextAsync())
        {
            _events.Add(_stream.Current);
        }

        return _events[^1];
    }

    public override string ToString() => string.Join("; ", _events.Select(happened => $"{happened.Kind} {happened.Text} {happened.Error?.Code}"));

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _limit.Dispose();
    }
}
