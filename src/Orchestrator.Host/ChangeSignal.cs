namespace Orchestrator.Host;

/// <summary>Wakes everyone who waits for a change. Take <see cref="Next"/> before looking, await it after having found nothing.</summary>
internal sealed class ChangeSignal
{
    private TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes at the next change.</summary>
    public Task Next => Volatile.Read(ref _source).Task;

    public void Pulse() =>
        Interlocked.Exchange(ref _source, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}
