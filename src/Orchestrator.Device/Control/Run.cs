namespace Orchestrator.Device.Control;

/// <summary>A run in progress: how to end it, and when it has ended.</summary>
internal sealed class Run(CancellationToken outer)
{
    private readonly CancellationTokenSource _cancellation = CancellationTokenSource.CreateLinkedTokenSource(outer);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CancellationToken Token => _cancellation.Token;

    public Task Ended => _ended.Task;

    public Task CancelAsync() => _cancellation.CancelAsync();

    public void SetEnded() => _ended.SetResult();
}
