using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Orchestrator.Guest.Kernel;

/// <summary>The system calls that the class library has not got. Linux only.</summary>
internal static unsafe class Native
{
    public const int NoEntry = 2;
    public const int NoProcess = 3;
    public const int Interrupted = 4;
    public const int Busy = 16;

    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;
    private const int SetChildSubreaper = 36;

    /// <summary>Turns a failure into an exception that says what was tried and why it failed.</summary>
    /// <exception cref="IOException">The call failed; its HResult is the error number.</exception>
    public static long Check(long result, string deed)
    {
        if (result != -1)
        {
            return result;
        }

        int error = Marshal.GetLastPInvokeError();
        throw new IOException($"Cannot {deed}: {new Win32Exception(error).Message}.", error);
    }

    /// <summary>Keeps a descriptor from the programs that this process starts.</summary>
    public static void CloseOnExecution(int descriptor) => Check(fcntl(descriptor, SetDescriptorFlags, CloseOnExec), "keep a descriptor from other programs");

    /// <summary>Makes orphans among this process's descendants its children.</summary>
    public static void AdoptOrphans() => Check(prctl(SetChildSubreaper, 1, 0, 0, 0), "adopt orphans");

    [DllImport("libc", SetLastError = true)]
    public static extern int mount(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string source,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string target,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string? type,
        nuint flags,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string? data);

    [DllImport("libc", SetLastError = true)]
    public static extern int umount2([MarshalAs(UnmanagedType.LPUTF8Str)] string target, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int mkdirat(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);

    [DllImport("libc", SetLastError = true)]
    public static extern int fchmodat(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int ioctl(nint descriptor, nuint request, nint argument);

    [DllImport("libc", SetLastError = true)]
    public static extern int waitpid(int process, int* status, int options);

    [DllImport("libc", SetLastError = true)]
    public static extern int waitid(int kind, uint process, byte* information, int options);

    [DllImport("libc", SetLastError = true)]
    public static extern int kill(int process, int signal);

    // openat2 and mount_setattr have no wrappers in every libc.
    [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static extern long syscall(long number, long folder, byte* path, void* argument, long size);

    [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static extern long syscall(long number, long folder, byte* path, ulong flags, void* argument, long size);

    [DllImport("libc", SetLastError = true)]
    private static extern int fcntl(int descriptor, int command, int argument);

    [DllImport("libc", SetLastError = true)]
    private static extern int prctl(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);
}
