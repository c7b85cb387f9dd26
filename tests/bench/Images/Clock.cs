using System.Diagnostics;

namespace Orchestrator.Bench.Images;

/// <summary>Measures work with a monotonic clock.</summary>
internal static class Clock
{
    /// <summary>Seconds that <paramref name="work"/> takes.</summary>
    public static double Seconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>GB a second, of work on so many bytes.</summary>
    public static double Rate(long bytes, Action work) => bytes / Seconds(work) / 1e9;
}
