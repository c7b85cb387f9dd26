using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Uvm;

/// <summary>
/// A utility VM that runs: QEMU with no network and no folders of the host's, read-only disks, one disk for scratch, one line each to the agent and from
/// it to the security processor. Nothing of it is left on the host when it has ended, however it did.
/// </summary>
public sealed class VirtualMachine : IAsyncDisposable
{
    private const string AgentLine = "agent";
    private const string ProcessorLine = "psp";

    private readonly Process _process;
    private readonly GuestConsole _console;
    private readonly SafeFileHandle? _scratch;

    private VirtualMachine(Process process, GuestConsole console, MachinePlan plan, Accelerator accelerator, SafeFileHandle? scratch)
    {
        Plan = plan;
        _process = process;
        _console = console;
        _scratch = scratch;
        Accelerator = accelerator;
        Ended = WaitForEndAsync();
    }

    /// <summary>How its processors are made.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>The line to its agent.</summary>
    public Stream Agent { get; private set; } = Stream.Null;

    /// <summary>The line from its agent to the security processor.</summary>
    public Stream Processor { get; private set; } = Stream.Null;

    /// <summary>How it ended, when it has.</summary>
    public Task<OrchestratorException> Ended { get; }

    /// <summary>QEMU's process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Stages of its start until now.</summary>
    public ImmutableArray<BootStage> Stages => _console.Stages;

    /// <summary>Whether the guest's kernel has killed a process because there was no memory left.</summary>
    public bool HasRunOutOfMemory => KilledForMemory is not null;

    /// <summary>What it has.</summary>
    public MachinePlan Plan { get; }

    /// <summary>What its kernel has killed last for want of memory: a process's number and name; null: nothing.</summary>
    public string? KilledForMemory => _console.KilledForMemory;

    /// <summary>The last lines that it printed, for people.</summary>
    public ImmutableArray<string> Console => _console.Lines;

    /// <summary>Starts a machine and connects its lines; the agent is not up yet.</summary>
    /// <param name="image">What it starts from.</param>
    /// <param name="plan">What it gets.</param>
    /// <param name="folder">Where the scratch disk's space is taken from. No file is ever to be seen there.</param>
    /// <param name="time">The host's clock.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="UvmErrors"/> or of storage.</exception>
    public static async Task<VirtualMachine> StartAsync(UvmImage image, MachinePlan plan, string folder, TimeProvider time, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(plan);
        plan.Require();
        HostMemory.Require(plan.Memory);
        DirectoryInfo sockets = Directory.CreateTempSubdirectory("uvm-");
        try
        {
            using Socket agent = Listen(sockets, AgentLine);
            using Socket processor = Listen(sockets, ProcessorLine);
            VirtualMachine machine = Start(image, plan, await AcceleratorProbe.FindAsync(image, cancel).ConfigureAwait(false), folder, sockets.FullName, time);
            try
            {
                machine.Agent = await machine.AcceptAsync(agent, cancel).ConfigureAwait(false);
                machine.Processor = await machine.AcceptAsync(processor, cancel).ConfigureAwait(false);
                return machine;
            }
            catch
            {
                await machine.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        catch (Win32Exception e)
        {
            throw new OrchestratorException(UvmErrors.MachineMissing, $"{QemuCommand.Program} cannot be started: {e.Message.TrimEnd('.')}.", inner: e);
        }
        finally
        {
            sockets.Delete(recursive: true);
        }
    }

    /// <summary>Notes that the host has seen the machine reach a stage of its start.</summary>
    public void Reach(string stage) => _console.Reach(stage);

    /// <summary>Ends the machine, as pulling the plug does.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await Ended.ConfigureAwait(false);
        await Agent.DisposeAsync().ConfigureAwait(false);
        await Processor.DisposeAsync().ConfigureAwait(false);
        _scratch?.Dispose();
        _process.Dispose();
    }

    private static VirtualMachine Start(UvmImage image, MachinePlan plan, Accelerator accelerator, string folder, string sockets, TimeProvider time)
    {
        SafeFileHandle? scratch = plan.Scratch > 0 ? Nameless(folder, plan.Scratch) : null;
        try
        {
            string? scratchPath = scratch is null ? null : $"/proc/{Environment.ProcessId}/fd/{scratch.DangerousGetHandle()}";
            var lines = new[] { AgentLine, ProcessorLine }.ToImmutableSortedDictionary(line => line, line => Path.Combine(sockets, line));
            var console = new GuestConsole(time);
            return new VirtualMachine(Process.Start(QemuCommand.Machine(image, plan, accelerator, scratchPath, lines))!, console, plan, accelerator, scratch);
        }
        catch
        {
            scratch?.Dispose();
            throw;
        }
    }

    // All space is taken beforehand, so that a disk that fills up is found now. Without a name the file goes with whoever holds it.
    private static SafeFileHandle Nameless(string folder, long size)
    {
        string path = Path.Combine(folder, $".{Path.GetRandomFileName()}");
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
            File.Delete(path);
            int error = posix_fallocate(file, 0, size);
            return error == 0 ? file : throw new IOException($"No {size} bytes could be taken.", error);
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
            file?.Dispose();
            OrchestratorException failure = StorageErrors.From(e, path);
            throw failure.Code == StorageErrors.Full
                ? new OrchestratorException(UvmErrors.NoSpace, $"The utility VM's scratch takes {size >> 20} MiB, and the disk of {folder} has {new DriveInfo(folder).AvailableFreeSpace >> 20} MiB left.", inner: e)
                : failure;
        }
    }

    // What the library takes in advance it does not say to have failed for want of room.
    [DllImport("libc")]
    private static extern int posix_fallocate(SafeFileHandle file, long offset, long length);

    private static Socket Listen(DirectoryInfo sockets, string line)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(sockets.FullName, line)));
        socket.Listen(1);
        return socket;
    }

    private async Task<Stream> AcceptAsync(Socket listener, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<Socket> accepted = listener.AcceptAsync(over.Token).AsTask();
        if (await Task.WhenAny(accepted, Ended).ConfigureAwait(false) == accepted)
        {
            return new NetworkStream(await accepted.ConfigureAwait(false), ownsSocket: true);
        }

        await over.CancelAsync().ConfigureAwait(false);
        throw await Ended.ConfigureAwait(false);
    }

    private async Task<OrchestratorException> WaitForEndAsync()
    {
        await Task.WhenAll(_console.ReadAsync(_process.StandardOutput), _console.ReadAsync(_process.StandardError), _process.WaitForExitAsync()).ConfigureAwait(false);
        return _console.End(_process.ExitCode);
    }
}
