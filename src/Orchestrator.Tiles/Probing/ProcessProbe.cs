using System.Globalization;
using System.Runtime.InteropServices;
using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Tiles.Probing;

/// <summary>Processes other than the tiles and the one that confines them: seen, signalled, or opened as a debugger would.</summary>
internal static class ProcessProbe
{
    private const int First = 1;

    public static IEnumerable<string> Findings(TileMessage.Probe outside) => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : First)
        .Where(id => id != First && id != Environment.ProcessId)
        .Select(id => $"processes: {id} can be seen{(kill(id, 0) == 0 ? ", signalled" : "")}{(CanBeOpened(id) ? ", read" : "")}");

    // Takes the rights that ptrace(2) takes, and does not stop the process.
    private static bool CanBeOpened(int process)
    {
        try
        {
            using var memory = File.OpenRead($"/proc/{process}/mem");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [DllImport("libc")]
    private static extern int kill(int process, int signal);
}
