namespace Orchestrator.Crypto.IO.Memory;

/// <summary>Keeps this process's memory to itself.</summary>
public static unsafe class ProcessMemory
{
    /// <summary>No core dump of this process is written, nor of one that it starts; see setrlimit(2).</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static void ForbidCoreDumps()
    {
        ulong* none = stackalloc ulong[] { 0, 0 };
        Libc.Check(Libc.setrlimit(Libc.LimitOfCores, none), "forbid core dumps");
    }

    /// <summary>No other process of the same user can read or debug this one, see PR_SET_DUMPABLE in prctl(2). Root still can.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static void ForbidReaders() => Libc.Check(Libc.prctl(Libc.SetDumpable, 0, 0, 0, 0), "close the process's memory to others");
}
