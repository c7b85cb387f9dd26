using System.Runtime.InteropServices;
using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Tiles.Probing;

/// <summary>Places that the tiles could change: their program, the system's files, the folders that lead there, the kernel's settings.</summary>
internal static class WriteProbe
{
    private const int ForWriting = 2; // W_OK, access(2)

    // Settings of the whole machine, whose files belong to root: they are another matter where the device runs as root.
    private static readonly string[] Settings = ["/proc/sys", "/proc/sysrq-trigger", "/proc/acpi", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/scsi"];

    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };

    public static IEnumerable<string> Findings(TileMessage.Probe outside) => outside.Files.SelectMany(WithFolders)
        .Concat(Settings.SelectMany(WithContent))
        .Append("/tmp")
        .Distinct()
        .Where(path => access(path, ForWriting) == 0)
        .Select(path => $"writing: {path} can be changed");

    private static IEnumerable<string> WithFolders(string path)
    {
        for (var place = path; place is not null; place = Path.GetDirectoryName(place))
        {
            yield return place;
        }
    }

    private static IEnumerable<string> WithContent(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFileSystemEntries(path, "*", Everything).Append(path) : [path];

    [DllImport("libc")]
    private static extern int access([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int mode);
}
