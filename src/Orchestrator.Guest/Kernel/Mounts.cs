using Orchestrator.Errors;

namespace Orchestrator.Guest.Kernel;

/// <summary>mount(2) and its kin, in this process's own mount namespace.</summary>
internal static unsafe class Mounts
{
    private const nuint ReadOnly = 1;
    private const nuint NoDevices = 4;
    private const nuint Remount = 32;
    private const nuint Bind = 4096;
    private const nuint Recursive = 16384;
    private const nuint Private = 1 << 18;
    private const int Detach = 2;
    private const long MountSetAttribute = 442;
    private const long CurrentFolder = -100;
    private const ulong RecursiveAttribute = 0x8000;
    private const ulong ReadOnlyAttribute = 1;

    /// <summary>Keeps everything that is mounted from now on to this namespace, and makes everything that was mounted before read-only.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void CutOff()
    {
        Native.Check(Native.mount("none", "/", null, Recursive | Private, null), "keep mounts private");
        ulong* attributes = stackalloc ulong[] { ReadOnlyAttribute, 0, 0, 0 };
        fixed (byte* root = "/\0"u8)
        {
            Native.Check(Native.syscall(MountSetAttribute, CurrentFolder, root, RecursiveAttribute, attributes, 4 * sizeof(ulong)), "make the host's files read-only");
        }
    }

    /// <summary>A file system that the kernel makes up.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void MountVirtual(string type, string target, string? options = null) =>
        Native.Check(Native.mount(type, target, type, NoDevices, options), $"mount {type} at {target}");

    /// <summary>A read-only file system on a block device.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void MountReadOnly(string device, string type, string target) =>
        Native.Check(Native.mount(device, target, type, ReadOnly | NoDevices, null), $"mount {type} at {target}");

    /// <summary>A file system on a block device, to write to.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void MountWritable(string device, string type, string target, string options) =>
        Native.Check(Native.mount(device, target, type, NoDevices, options), $"mount {type} at {target}");

    /// <summary>Lets a mount be written to that was made read-only.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void MakeWritable(string target) => Native.Check(Native.mount("none", target, null, Remount | Bind, null), $"make {target} writable");

    /// <summary>Lets a mount be read only.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void MakeReadOnly(string target) => Native.Check(Native.mount("none", target, null, Remount | Bind | ReadOnly | NoDevices, null), $"make {target} read-only");

    /// <summary>The same files at another place.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void MountAgain(string source, string target) => Native.Check(Native.mount(source, target, null, Bind, null), $"mount {source} at {target}");

    /// <summary>Layers under a writable one.</summary>
    /// <param name="layers">The top layer first.</param>
    /// <param name="upper">Takes what is written.</param>
    /// <param name="work">An empty folder beside it.</param>
    /// <param name="target">Where.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void MountOverlay(IEnumerable<string> layers, string upper, string work, string target) => Native.Check(
        Native.mount("overlay", target, "overlay", NoDevices, $"lowerdir={string.Join(':', layers)},upperdir={upper},workdir={work}"), $"mount an overlay at {target}");

    /// <summary>Takes a mount away.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.UnmountFailed"/>.</exception>
    public static void Unmount(string target)
    {
        try
        {
            Native.Check(Native.umount2(target, 0), $"unmount {target}");
        }
        catch (IOException e)
        {
            throw new OrchestratorException(GuestErrors.UnmountFailed, e.Message, inner: e);
        }
    }

    /// <summary>Takes everything away that is mounted at and below a place, once nobody uses it.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void DetachAll(string target) => Native.Check(Native.umount2(target, Detach), $"detach {target}");
}
