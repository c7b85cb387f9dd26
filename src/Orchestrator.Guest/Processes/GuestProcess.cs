using System.Collections.Immutable;
using Orchestrator.Errors;
using Orchestrator.Guest.Kernel;

namespace Orchestrator.Guest.Processes;

/// <summary>A process that the agent has started, and answers for until its end.</summary>
internal sealed unsafe class GuestProcess
{
    private readonly Lock _lock = new();
    private readonly int _pid;
    private bool _ended;

    /// <summary>Takes over a child of the agent's.</summary>
    /// <param name="pid">Its number, which stays its until it was waited for.</param>
    /// <param name="stdio">Its standard streams.</param>
    /// <param name="exit">Its exit code, if somebody else waits for it.</param>
    public GuestProcess(int pid, ProcessStreams stdio, Task<int>? exit = null)
    {
        _pid = pid;
        Stdio = stdio;
        Exit = exit ?? Task.Factory.StartNew(WaitForEnd, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Names it to the host.</summary>
    public required long Id { get; init; }

    /// <summary>The container that it runs in; null: beside them.</summary>
    public required string? Container { get; init; }

    /// <summary>Whether it is the container's first.</summary>
    public required bool IsInit { get; init; }

    /// <summary>Program and arguments.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>Its standard streams.</summary>
    public ProcessStreams Stdio { get; }

    /// <summary>Its exit code when it has ended: its own, or 128 and the number of the signal that ended it.</summary>
    public Task<int> Exit { get; }

    /// <summary>Files of /proc about it, read while its number is its own; null: it has ended, or is ending.</summary>
    public string? ReadProc(string name)
    {
        lock (_lock)
        {
            try
            {
                return _ended || Exit.IsCompleted ? null : File.ReadAllText($"/proc/{_pid}/{name}");
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    /// <summary>Sends a signal.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.ProcessUnknown"/>: it has ended.</exception>
    public void Signal(int number)
    {
        // Until it was waited for, its number is no other process's.
        lock (_lock)
        {
            if (_ended || (Native.kill(_pid, number) != 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Native.NoProcess))
            {
                throw new OrchestratorException(GuestErrors.ProcessUnknown, $"Process {Id} has ended.");
            }
        }
    }

    private int WaitForEnd()
    {
        const int NoWait = 0x01000000;
        WaitWithoutReaping(NoWait);
        lock (_lock)
        {
            _ended = true;
            int status;
            Native.Check(Native.waitpid(_pid, &status, 0), "learn how a process ended");
            int signal = status & 0x7F;
            return signal == 0 ? (status >> 8) & 0xFF : 128 + signal;
        }
    }

    // It stays a zombie, and its number its own, until the lock is held.
    private void WaitWithoutReaping(int noWait)
    {
        const int ByPid = 1;
        const int Exited = 4;
        byte* information = stackalloc byte[128];
        while (Native.waitid(ByPid, (uint)_pid, information, Exited | noWait) != 0)
        {
            if (System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Native.Interrupted)
            {
                throw new IOException($"Process {Id} is no child of the agent's.");
            }
        }
    }
}
