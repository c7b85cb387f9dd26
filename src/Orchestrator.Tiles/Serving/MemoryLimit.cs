using System.Globalization;
using System.Runtime.InteropServices;

namespace Orchestrator.Tiles.Serving;

/// <summary>
/// Holds the process to a job's memory plan: the kernel refuses allocations beyond it, and a program that asks for more fails.
/// On top of what the process has, the runtime gets room of its own, which a simulator cannot place in tile memory.
/// </summary>
internal static class MemoryLimit
{
    /// <summary>Room for .NET's heap, libtorch's code and constants, and the stacks of threads; in use about 480 MiB.</summary>
    private const long Runtime = 640L << 20;

    private const int DataResource = 2; // RLIMIT_DATA: private writable memory, getrlimit(2)

    /// <summary>Allows <paramref name="bytes"/> more than the process and its runtime take; for good.</summary>
    public static void Set(long bytes)
    {
        ulong limit = (ulong)Math.Min(long.MaxValue - Runtime, bytes) + Runtime;
        limit = Math.Min(limit, long.MaxValue - (ulong)InUse()) + (ulong)InUse();
        if (SetLimit(DataResource, new Limit(limit, limit)) != 0)
        {
            throw new InvalidOperationException("The kernel refuses a limit of memory.");
        }
    }

    /// <summary>Whether an exception, or what caused it, is that memory was refused.</summary>
    public static bool IsReason(Exception? exception) => exception switch
    {
        null => false,
        OutOfMemoryException => true,
        ExternalException refusal when refusal.Message.Contains("can't allocate memory", StringComparison.Ordinal) => true,
        _ => IsReason(exception.InnerException),
    };

    private static long InUse()
    {
        const string Key = "VmData:";
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Key, StringComparison.Ordinal));
        return long.Parse(line[Key.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) << 10;
    }

    [DllImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static extern int SetLimit(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Limit(ulong Soft, ulong Hard);
}
