using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orchestrator.Errors;

namespace Orchestrator.Guest.Processes;

/// <summary>The processes that the agent has started, by the numbers that the host knows them by; those that have ended, too.</summary>
internal sealed class ProcessTable
{
    private readonly ConcurrentDictionary<long, GuestProcess> _processes = new();
    private long _last;

    /// <summary>All that run.</summary>
    public IEnumerable<GuestProcess> Running => _processes.Values.Where(process => !process.Exit.IsCompleted).OrderBy(process => process.Id);

    /// <summary>Takes a process in.</summary>
    /// <param name="started">Its number in the guest and its streams.</param>
    /// <param name="container">The container; null: beside them.</param>
    /// <param name="isInit">Whether it is the container's first.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="exit">Its exit code, if somebody else waits for it.</param>
    public GuestProcess Add((int Pid, ProcessStreams Stdio) started, string? container, bool isInit, ImmutableArray<string> command, Task<int>? exit = null)
    {
        var process = new GuestProcess(started.Pid, started.Stdio, exit)
        {
            Id = Interlocked.Increment(ref _last),
            Container = container,
            IsInit = isInit,
            Command = command,
        };
        _processes[process.Id] = process;
        return process;
    }

    /// <summary>The process of a number.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.ProcessUnknown"/>.</exception>
    public GuestProcess Find(long id) =>
        _processes.TryGetValue(id, out GuestProcess? process) ? process : throw new OrchestratorException(GuestErrors.ProcessUnknown, $"There is no process {id}.");

    /// <summary>A container's first process; null: it was never created.</summary>
    public GuestProcess? InitOf(string container) => _processes.Values.FirstOrDefault(process => process.IsInit && process.Container == container);

    /// <summary>Whether a process runs in a container.</summary>
    public bool IsRunning(string container) => Running.Any(process => process.Container == container);
}
