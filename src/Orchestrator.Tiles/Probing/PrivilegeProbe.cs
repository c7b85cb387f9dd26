using System.Diagnostics;
using System.Runtime.InteropServices;
using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Tiles.Probing;

/// <summary>Rights that the tiles have, could get by starting a program, or could give themselves in a user namespace of their own.</summary>
internal static class PrivilegeProbe
{
    private const string Unshare = "/usr/bin/unshare";

    public static IEnumerable<string> Findings(TileMessage.Probe outside)
    {
        foreach (var line in File.ReadLines("/proc/self/status").Where(line => line.StartsWith("Cap", StringComparison.Ordinal) && line.TrimEnd('0').EndsWith('\t') is false))
        {
            yield return $"privileges: capabilities {line.Replace(":\t", " ", StringComparison.Ordinal)}";
        }

        if (!File.ReadLines("/proc/self/status").Contains("NoNewPrivs:\t1"))
        {
            yield return "privileges: programs that are started can have more";
        }

        // Processes outside have no number in here.
        if (getsid(0) == 0)
        {
            yield return "privileges: the session, and so its terminal, is one from outside";
        }

        if (StartsAUserNamespace())
        {
            yield return "privileges: a user namespace can be made, with all capabilities in it";
        }
    }

    // Not by unshare(2): it is closed to processes of more than one thread. Where the program is missing, bubblewrap's own assertion is left.
    private static bool StartsAUserNamespace()
    {
        if (!File.Exists(Unshare))
        {
            return false;
        }

        using var attempt = Process.Start(new ProcessStartInfo(Unshare, ["--user", "/bin/true"]) { RedirectStandardError = true })!;
        attempt.StandardError.ReadToEnd();
        attempt.WaitForExit();
        return attempt.ExitCode == 0;
    }

    [DllImport("libc")]
    private static extern int getsid(int process);
}
