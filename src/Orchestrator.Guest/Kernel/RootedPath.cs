using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Orchestrator.Guest.Kernel;

/// <summary>Opens paths that a container can have had a hand in, without ever leaving a given folder; see openat2(2).</summary>
internal static unsafe class RootedPath
{
    private const long OpenAt2 = 437;
    private const ulong PathOnly = 0x200000;
    private const ulong Folder = 0x10000;
    private const ulong CloseOnExec = 0x80000;
    private const ulong NonBlocking = 0x800;
    private const ulong NoSymlinks = 0x04;
    private const ulong Beneath = 0x08;
    private const ulong InRoot = 0x10;
    private const ulong NoMagicLinks = 0x02;

    /// <summary>A file of a root file system, as a process in it would see it: links lead nowhere else.</summary>
    /// <returns>Null: there is none.</returns>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle? OpenFile(string root, string path)
    {
        using SafeFileHandle folder = OpenFolder(root);
        nint file = Open(folder, path, CloseOnExec | NonBlocking, InRoot | NoMagicLinks);
        return file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : null;
    }

    /// <summary>A folder below another, made if it is missing, with no symbolic link on the way. Everybody may write to folders that are made.</summary>
    /// <param name="root">A folder that only this process's kin can replace.</param>
    /// <param name="path">Relative, of plain names.</param>
    /// <exception cref="IOException">It is no folder, or there is a link on the way.</exception>
    public static SafeFileHandle OpenOrMakeFolder(string root, string path)
    {
        SafeFileHandle folder = OpenFolder(root);
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using SafeFileHandle parent = folder;
            int descriptor = (int)parent.DangerousGetHandle();
            if (name is "." or "..")
            {
                throw new IOException($"{path} leads out of its folder.");
            }

            if (Native.mkdirat(descriptor, name, 0x1FF) == 0)
            {
                Native.Check(Native.fchmodat(descriptor, name, 0x1FF, 0), $"open {path} to everybody");
            }

            nint next = Open(parent, name, PathOnly | CloseOnExec, NoSymlinks | Beneath);
            folder = new SafeFileHandle((nint)Native.Check(next, $"open {path}"), ownsHandle: true);
        }

        return folder;
    }

    /// <summary>A folder, for others to be opened below it.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle OpenFolder(string path) =>
        new((nint)Native.Check(Native.open(path, (int)(PathOnly | Folder | CloseOnExec)), $"open {path}"), ownsHandle: true);

    private static nint Open(SafeFileHandle folder, string path, ulong flags, ulong resolve)
    {
        ulong* how = stackalloc ulong[] { flags, 0, resolve };
        fixed (byte* name = Encoding.UTF8.GetBytes(path + "\0"))
        {
            return (nint)Native.syscall(OpenAt2, folder.DangerousGetHandle(), name, how, 3 * sizeof(ulong));
        }
    }
}
