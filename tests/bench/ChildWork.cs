using System.Globalization;
using Orchestrator.Bench.Streams;

namespace Orchestrator.Bench;

/// <summary>Work that is measured as a process of its own: this program, started with <see cref="Switch"/>.</summary>
internal static class ChildWork
{
    public const string Switch = "--child";

    private static readonly Dictionary<string, Action<string[]>> s_works = new()
    {
        [FileWork.Seal] = FileWork.SealFile,
        [FileWork.Open] = FileWork.OpenFile,
    };

    /// <summary>Does the work and prints the process's peak resident memory in bytes.</summary>
    public static void Do(string work, string[] arguments)
    {
        s_works[work](arguments);
        Console.WriteLine(PeakResidentBytes().ToString(CultureInfo.InvariantCulture));
    }

    private static long PeakResidentBytes()
    {
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
