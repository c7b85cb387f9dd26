using System.Diagnostics;
using Orchestrator.Channel;
using Orchestrator.Psp;
using Orchestrator.Uvm;

namespace Orchestrator.Shim.BackEnds;

/// <summary>A guest that was launched. Disposing of it ends it, with all that runs in it.</summary>
public sealed class RunningGuest : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly Process? _process;
    private readonly Task _psp;

    internal RunningGuest(VirtualMachine machine, GuestChannel channel, Task psp, GuestLaunch launch)
        : this(channel, psp, launch) => Machine = machine;

    internal RunningGuest(Process process, GuestChannel channel, Task psp, GuestLaunch launch)
        : this(channel, psp, launch) => _process = process;

    private RunningGuest(GuestChannel channel, Task psp, GuestLaunch launch)
    {
        _psp = psp;
        Channel = channel;
        Launch = launch;
    }

    /// <summary>The line to its agent.</summary>
    public GuestChannel Channel { get; }

    /// <summary>What the processor was told to launch.</summary>
    public GuestLaunch Launch { get; }

    /// <summary>The publisher's endorsement of the measurement; null: the operator has none.</summary>
    public ReadOnlyMemory<byte>? Endorsement { get; init; }

    /// <summary>The process on the host that holds it; when it is killed, the guest is gone.</summary>
    public int ProcessId => Machine?.ProcessId ?? _process!.Id;

    /// <summary>The machine that it has to itself; null: it has none.</summary>
    public VirtualMachine? Machine { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // The agent ends when its host hangs up; one that does not is made to.
        await Channel.DisposeAsync().ConfigureAwait(false);
        await (Machine?.Ended ?? _process!.WaitForExitAsync()).WaitAsync(s_patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Machine is not null)
        {
            await Machine.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            await EndAsync(_process!).ConfigureAwait(false);
        }

        await _psp.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task EndAsync(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync().ConfigureAwait(false);
        }

        process.Dispose();
    }
}
