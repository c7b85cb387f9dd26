using System.Diagnostics;
using System.Runtime.InteropServices;
using Orchestrator.Device.Firmware;

namespace Orchestrator.Device.Tiles;

/// <summary>
/// How bubblewrap confines the tiles: own namespaces of every kind, so no network and no other process; a root of nothing
/// but the program's files and the system's libraries, all read-only; no capabilities, no environment.
/// </summary>
internal static class TileConfinement
{
    private const string Bubblewrap = "bwrap";

    /// <summary>Read-only parts of the system that .NET and libtorch load libraries from.</summary>
    private static readonly string[] SystemPaths = ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives"];

    /// <summary>Whether bubblewrap can confine a process here, found by doing it.</summary>
    public static bool IsAvailable(string programFolder)
    {
        try
        {
            ProcessStartInfo start = Wrap(programFolder, ["/usr/bin/true"]);
            start.RedirectStandardError = true;
            using Process probe = Process.Start(start)!;
            probe.StandardError.ReadToEnd();
            probe.WaitForExit();
            return probe.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    /// <summary>A command as it is started confined.</summary>
    public static ProcessStartInfo Wrap(string programFolder, IEnumerable<string> command)
    {
        var arguments = new List<string>
        {
            "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
            "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
        };
        arguments.AddRange(SystemPaths.Append(RuntimeRoot).Where(Path.Exists).SelectMany(BindReadOnly));
        arguments.AddRange(["--tmpfs", programFolder]);
        arguments.AddRange(ProgramFiles(programFolder).SelectMany(BindReadOnly));
        foreach ((string name, string value) in Environment())
        {
            arguments.AddRange(["--setenv", name, value]);
        }

        return new ProcessStartInfo(Bubblewrap, [.. arguments, "--remount-ro", programFolder, "--remount-ro", "/", "--chdir", programFolder, "--", .. command]);
    }

    /// <summary>All that the tiles' environment holds.</summary>
    public static IEnumerable<(string Name, string Value)> Environment() =>
    [
        ("DOTNET_ROOT", RuntimeRoot),
        ("DOTNET_EnableDiagnostics", "0"),
        ("HOME", "/tmp"),
    ];

    private static string[] BindReadOnly(string path) => ["--ro-bind", path, path];

    // Not the whole folder: an operator may keep the device's state in it.
    private static IEnumerable<string> ProgramFiles(string folder) => Directory.EnumerateFileSystemEntries(folder)
        .Where(path => Path.GetExtension(path) is ".dll" or ".so" or ".json" || Path.GetFileName(path) is FirmwareMeter.TilesProgram or "runtimes");

    // .../shared/Microsoft.NETCore.App/10.0.x/ lies three folders below the root.
    private static string RuntimeRoot => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
}
