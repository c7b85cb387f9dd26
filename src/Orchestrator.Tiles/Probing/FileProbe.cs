using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Tiles.Probing;

/// <summary>Files and folders that the tiles can see and are not to: all that a walk from the root meets, and the controller's own by name.</summary>
internal static class FileProbe
{
    // What the confinement makes anew; none of it holds anything of the machine.
    private static readonly string[] Made =
    [
        "/proc", "/dev/console", "/dev/core", "/dev/fd", "/dev/full", "/dev/null", "/dev/ptmx", "/dev/pts/ptmx", "/dev/random", "/dev/stderr",
        "/dev/stdin", "/dev/stdout", "/dev/tty", "/dev/urandom", "/dev/zero",
    ];

    private static readonly string[] MadeEmpty = ["/dev/pts", "/dev/shm", "/tmp"];

    public static IEnumerable<string> Findings(TileMessage.Probe outside) =>
        outside.Secrets.Where(Path.Exists).Union(Strangers("/", [.. outside.Files, .. Made])).Select(path => $"files: {path} can be seen");

    private static IEnumerable<string> Strangers(string folder, HashSet<string> known) => Entries(folder).Except(known)
        .SelectMany(path => IsOnTheWay(path, known) ? Strangers(path, known) : [path]);

    private static bool IsOnTheWay(string path, HashSet<string> known) =>
        Directory.Exists(path) && (MadeEmpty.Contains(path) || known.Any(other => other.StartsWith(path + '/', StringComparison.Ordinal)));

    private static string[] Entries(string folder)
    {
        try
        {
            return Directory.GetFileSystemEntries(folder);
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }
}
