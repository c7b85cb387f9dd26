using System.Collections.Immutable;
using Orchestrator.Channel;
using Orchestrator.Channel.Messages;
using Orchestrator.Containers.Groups;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;
using Orchestrator.Psp;
using Orchestrator.Uvm;

namespace Orchestrator.Shim.BackEnds;

/// <summary>Runs each guest in a virtual machine of its own (docs/spec/uvm.md).</summary>
/// <param name="psp">Launches them, and speaks for them.</param>
/// <param name="image">What they start from.</param>
/// <param name="scratch">Size in bytes of the disk for scratch, whole MiB.</param>
/// <param name="time">The host's clock.</param>
/// <param name="endorsement">Of the image's measurement, for evidence; null: there is none.</param>
public sealed class MachineBackEnd(SimulatedPsp psp, UvmImage image, long scratch, TimeProvider time, ReadOnlyMemory<byte>? endorsement = null) : IBackEnd
{
    // Emulated on a machine that has much else to do, a start has taken a minute.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public async Task<RunningGuest> LaunchAsync(Digest policy, GroupSize size, string devices, CancellationToken cancel = default)
    {
        var launch = new GuestLaunch(image.Measurement, policy);
        LaunchedGuest launched = psp.Launch(launch);
        var plan = new MachinePlan
        {
            Memory = size.Memory,
            Cores = size.Cores,
            Disks = [.. Directory.EnumerateFiles(devices, "*.layer").Order(StringComparer.Ordinal).Select(ToDisk)],
            Scratch = scratch,
        };
        VirtualMachine machine = await VirtualMachine.StartAsync(image, plan, devices, time, cancel).ConfigureAwait(false);
        var guest = new RunningGuest(machine, new GuestChannel(machine.Agent, machine.Ended), PspLine.ServeAsync(machine.Processor, launched, CancellationToken.None), launch) { Endorsement = endorsement };
        try
        {
            await guest.Channel.AskAsync(Operations.State, CborMap.Of(), cancel).WaitAsync(s_patience, time, cancel).ConfigureAwait(false);
            machine.Reach("ready");
            return guest;
        }
        catch (TimeoutException e)
        {
            await guest.DisposeAsync().ConfigureAwait(false);
            throw new OrchestratorException(UvmErrors.NotStarted, $"The utility VM's agent did not answer within {s_patience.TotalMinutes:f0} minutes. The last line: {machine.Console.LastOrDefault()}", inner: e);
        }
        catch
        {
            await guest.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static AttachedDisk ToDisk(string path) => new(DiskSerial.Of(Path.GetFileName(path)), Path.GetFullPath(path));
}
