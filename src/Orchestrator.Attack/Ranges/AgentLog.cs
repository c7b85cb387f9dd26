using System.Collections.Concurrent;
using Orchestrator.Attestation.Policies;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.Attack.Ranges;

/// <summary>What the parties' agents report to their own parties; a host is told less.</summary>
/// <param name="parties">How many parties there are.</param>
public sealed class AgentLog(int parties)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<ReleaseEvent> _events = [];
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Why agents refused something of a job.</summary>
    public IEnumerable<Denial> RefusalsOf(Digest job) => _events.Where(happened => happened.Job == job).SelectMany(happened => happened.Denials);

    /// <summary>Waits until every party has reported something of a job so many times.</summary>
    public async Task AllAsync(Digest job, ReleaseEventKind kind, uint times = 1)
    {
        while (true)
        {
            Task next = Volatile.Read(ref _next).Task;
            if (_events.Count(happened => happened.Job == job && happened.Kind == kind) >= times * parties)
            {
                return;
            }

            await next.WaitAsync(s_patience);
        }
    }

    internal void Note(ReleaseEvent happened)
    {
        _events.Enqueue(happened);
        Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }
}
