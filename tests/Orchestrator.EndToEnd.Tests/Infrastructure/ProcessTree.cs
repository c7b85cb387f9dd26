using System.Diagnostics;
using System.Globalization;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>Processes that a process has started, itself or through others, as Linux lists them.</summary>
internal static class ProcessTree
{
    /// <summary>Ends a descendant at once.</summary>
    /// <param name="ancestor">A process that the tests started.</param>
    /// <param name="program">File name of the descendant's executable.</param>
    public static async Task KillDescendantAsync(int ancestor, string program)
    {
        int id = DescendantsOf(ancestor).Single(candidate => CommandOf(candidate) == program);
        using Process process = Process.GetProcessById(id);
        process.Kill();
        await process.WaitForExitAsync().WaitAsync(Patience.Limit);
    }

    /// <summary>Ends a descendant at once, if there is one.</summary>
    public static async Task TryKillDescendantAsync(int ancestor, string program)
    {
        foreach (int id in DescendantsOf(ancestor).Where(candidate => CommandOf(candidate) == program).ToList())
        {
            try
            {
                using Process process = Process.GetProcessById(id);
                process.Kill();
                await process.WaitForExitAsync().WaitAsync(Patience.Limit);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has ended by itself.
            }
        }
    }

    /// <summary>All descendants at the moment, nearest first.</summary>
    public static IEnumerable<int> DescendantsOf(int ancestor)
    {
        ILookup<int, int> children = Directory.EnumerateDirectories("/proc")
            .Where(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(folder => int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture))
            .ToLookup(ParentOf);
        var found = new Queue<int>([ancestor]);
        while (found.TryDequeue(out int parent))
        {
            foreach (int child in children[parent])
            {
                yield return child;
                found.Enqueue(child);
            }
        }
    }

    // "PID (name) state parent ...", where a name may hold anything.
    private static int ParentOf(int id) => Read(id, "stat") is { Length: > 0 } stat
        ? int.Parse(stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)
        : 0;

    /// <summary>File name of a process's executable; empty: it has ended.</summary>
    public static string CommandOf(int id) => Path.GetFileName(Read(id, "cmdline").Split('\0')[0]);

    private static string Read(int id, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{file}");
        }
        catch (IOException)
        {
            return ""; // It has ended.
        }
    }
}
