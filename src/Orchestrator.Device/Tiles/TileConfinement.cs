using System.Diagnostics;
using System.Runtime.InteropServices;
using Orchestrator.Device.Firmware;

namespace Orchestrator.Device.Tiles;

/// <summary>
/// How bubblewrap confines the tiles: own namespaces of every kind, so no network and no other process; a root of nothing
/// but the program's files and the system's libraries, all read-only; no capabilities and no way to new ones, no environment.
/// </summary>
internal static class TileConfinement
{
    private const string Bubblewrap = "bwrap";

    /// <summary>Read-only parts of the system that .NET and libtorch load libraries from.</summary>
    private static readonly string[] SystemPaths = ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives"];

    // Files of root's that change the whole machine, and that bubblewrap leaves open, or may: only mode bits guard them from a device that runs as root.
    private static readonly string[] KernelSettings = ["/proc/sys", "/proc/acpi", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/scsi"];

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
            "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", "--disable-userns",
            "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
        };
        arguments.AddRange(KernelSettings.Where(Path.Exists).SelectMany(HideBehindNothing));
        arguments.AddRange(SystemFiles().SelectMany(BindReadOnly));
        arguments.AddRange(["--tmpfs", programFolder]);
        arguments.AddRange(ProgramFiles(programFolder).SelectMany(BindReadOnly));
        foreach ((string name, string value) in Environment())
        {
            arguments.AddRange(["--setenv", name, value]);
        }

        // Also /tmp: where the program lies in it, the folders that lead there are made in it.
        return new ProcessStartInfo(Bubblewrap, [.. arguments, "--remount-ro", programFolder, "--remount-ro", "/tmp", "--remount-ro", "/", "--chdir", programFolder, "--", .. command]);
    }

    /// <summary>All that the tiles see of this machine's files.</summary>
    public static IEnumerable<string> VisibleFiles(string programFolder) => SystemFiles().Concat(ProgramFiles(programFolder));

    /// <summary>All that the tiles' environment holds.</summary>
    public static IEnumerable<(string Name, string Value)> Environment() =>
    [
        ("DOTNET_ROOT", RuntimeRoot),
        ("DOTNET_EnableDiagnostics", "0"),
        ("HOME", "/tmp"),
    ];

    private static IEnumerable<string> SystemFiles() => SystemPaths.Append(RuntimeRoot).Where(Path.Exists);

    private static string[] HideBehindNothing(string path) => ["--tmpfs", path, "--remount-ro", path];

    private static string[] BindReadOnly(string path) => ["--ro-bind", path, path];

    // Not the whole folder: an operator may keep the device's state in it.
    private static IEnumerable<string> ProgramFiles(string folder) => Directory.EnumerateFileSystemEntries(folder)
        .Where(path => Path.GetExtension(path) is ".dll" or ".so" or ".json" || Path.GetFileName(path) is FirmwareMeter.TilesProgram or "runtimes");

    // .../shared/Microsoft.NETCore.App/10.0.x/ lies three folders below the root.
    private static string RuntimeRoot => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
}
