using System.Globalization;

namespace Orchestrator.Bench.Memory;

/// <summary>Watches how much memory the programs take at most that this process starts, directly or through others.</summary>
internal sealed class PeakWatch
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(20);

    private readonly Dictionary<string, long> _peaks = [];
    private readonly ManualResetEventSlim _end = new();

    private PeakWatch()
    {
    }

    /// <summary>Watches while <paramref name="work"/> is done.</summary>
    /// <returns>By the name of the program, the peak resident memory of the process of it that took most, in bytes.</returns>
    public static IReadOnlyDictionary<string, long> During(Action work)
    {
        var watch = new PeakWatch();
        var thread = new Thread(watch.Watch) { IsBackground = true };
        thread.Start();
        try
        {
            work();
        }
        finally
        {
            watch._end.Set();
            thread.Join();
        }

        return watch._peaks;
    }

    // The kernel keeps the peak, so that only what a process takes in its last moments could be missed.
    private void Watch()
    {
        do
        {
            Dictionary<int, ProcessEntry> all = ProcessEntry.ReadAll();
            foreach (ProcessEntry process in all.Values.Where(process => IsOurs(process, all)))
            {
                _peaks[process.Program] = Math.Max(_peaks.GetValueOrDefault(process.Program), process.PeakBytes);
            }
        }
        while (!_end.Wait(s_interval));
    }

    private static bool IsOurs(ProcessEntry process, Dictionary<int, ProcessEntry> all)
    {
        ProcessEntry? parent = process;
        while (all.TryGetValue(parent.Parent, out parent))
        {
            if (parent.Id == Environment.ProcessId)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A line of <c>/proc</c>.</summary>
    private sealed record ProcessEntry(int Id, int Parent, string Program, long PeakBytes)
    {
        public static Dictionary<int, ProcessEntry> ReadAll()
        {
            var all = new Dictionary<int, ProcessEntry>();
            foreach (string folder in Directory.EnumerateDirectories("/proc"))
            {
                if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && TryRead(id, folder) is { } process)
                {
                    all.Add(id, process);
                }
            }

            return all;
        }

        private static ProcessEntry? TryRead(int id, string folder)
        {
            try
            {
                string[] status = File.ReadAllLines(Path.Combine(folder, "status"));
                string command = File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0')[0];
                return new ProcessEntry(id, (int)Number(status, "PPid:"), Path.GetFileName(command), 1024 * Number(status, "VmHWM:"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null; // It has just ended.
            }
        }

        private static long Number(string[] status, string field)
        {
            string? line = status.FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
    }
}
