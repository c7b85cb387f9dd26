using Microsoft.Win32.SafeHandles;
using Orchestrator.Errors;
using Orchestrator.Guest.Kernel;

namespace Orchestrator.Guest.Files;

/// <summary>
/// The guest's own file system, set up once in a fresh mount namespace: the host's files read-only, and one folder of memory to write to.
/// All of it goes when the guest's last process ends.
/// </summary>
internal static class GuestRoot
{
    private const string Run = "/run";
    private const string ControlGroups = "/sys/fs/cgroup";

    private static readonly string[] s_folders =
    [
        GroupFolders.Devices, GroupFolders.Images, GroupFolders.Shared, GroupFolders.Runtime, GroupFolders.Layers, GroupFolders.Scratch, GroupFolders.Containers,
    ];

    /// <summary>Cuts this process off from the host's mounts.</summary>
    /// <param name="devices">The host's folder of devices.</param>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.NotIsolated"/>.</exception>
    public static void SetUp(string devices)
    {
        try
        {
            RequireOwnNamespace();
            using SafeFileHandle attached = RootedPath.OpenFolder(devices);
            Mounts.CutOff();
            Mounts.MountVirtual("proc", "/proc");
            Mounts.MountVirtual("tmpfs", Run, "mode=0755");
            foreach (string folder in s_folders)
            {
                Directory.CreateDirectory(folder);
            }

            Mounts.MountAgain($"/proc/self/fd/{attached.DangerousGetHandle()}", GroupFolders.Devices);
            ReplaceControlGroups();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OrchestratorException(GuestErrors.NotIsolated, $"The guest has no file system of its own: {e.Message}", inner: e);
        }
    }

    // Whoever starts the agent by hand in the machine's own namespaces would lose the machine's mounts. Seen from the mount of /proc that the
    // agent starts with, which is its starter's, a process of fresh namespaces has a number in each of two or more.
    private static void RequireOwnNamespace()
    {
        string numbers = File.ReadLines("/proc/self/status").First(line => line.StartsWith("NSpid:", StringComparison.Ordinal));
        if (numbers.Split('\t', StringSplitOptions.RemoveEmptyEntries).Length < 3)
        {
            throw new IOException("it shares the machine's namespaces");
        }
    }

    // The runtime knows the second version only, and a host may have the first.
    private static void ReplaceControlGroups()
    {
        Mounts.DetachAll(ControlGroups);
        Mounts.MountVirtual("cgroup2", ControlGroups);
        Mounts.MakeReadOnly(ControlGroups);
    }
}
