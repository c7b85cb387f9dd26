using System.Diagnostics;
using Orchestrator.Attestation;
using Orchestrator.Channel;
using Orchestrator.Uvm;

namespace Orchestrator.Shim.BackEnds;

/// <summary>A guest that was launched. Disposing of it ends it, with all that runs in it.</summary>
public sealed class RunningGuest : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly Task _psp;

    internal RunningGuest(VirtualMachine machine, GuestChannel channel, Task psp, Measurement measurement)
        : this(Process.GetProcessById(machine.ProcessId), channel, psp, measurement) => Machine = machine;

    internal RunningGuest(Process process, GuestChannel channel, Task psp, Measurement measurement)
    {
        _process = process;
        _psp = psp;
        Channel = channel;
        Measurement = measurement;
    }

    /// <summary>The line to its agent.</summary>
    public GuestChannel Channel { get; }

    /// <summary>Of what was launched.</summary>
    public Measurement Measurement { get; }

    /// <summary>The publisher's endorsement of the measurement; null: the operator has none.</summary>
    public ReadOnlyMemory<byte>? Endorsement { get; init; }

    /// <summary>The process on the host that holds it; when it is killed, the guest is gone.</summary>
    public int ProcessId => _process.Id;

    /// <summary>The machine that it has to itself; null: it has none.</summary>
    public VirtualMachine? Machine { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // The agent ends when its host hangs up; one that does not is made to.
        await Channel.DisposeAsync().ConfigureAwait(false);
        using var patience = new CancellationTokenSource(s_patience);
        await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await _psp.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
        if (Machine is not null)
        {
            await Machine.DisposeAsync().ConfigureAwait(false);
        }
    }
}
