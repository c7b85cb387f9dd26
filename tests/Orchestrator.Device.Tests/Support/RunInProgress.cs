using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Device.Tests.Support;

/// <summary>A run that does nothing until it is let go: holds a committed device in the state Running.</summary>
internal sealed class RunInProgress : IAsyncDisposable
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _run = Task.CompletedTask;

    public static async Task<RunInProgress> StartAsync(TestDevice device)
    {
        await device.CommitAsync();
        var run = new RunInProgress();
        run._run = device.Server.Mailbox.RunAsync((_, _, _) => run.HoldAsync(), CancellationToken.None);
        await run._started.Task;
        Assert.Equal(DeviceState.Running, await device.StateAsync());
        return run;
    }

    public async ValueTask DisposeAsync()
    {
        _letGo.SetResult();
        await _run;
    }

    private Task HoldAsync()
    {
        _started.SetResult();
        return _letGo.Task;
    }
}
