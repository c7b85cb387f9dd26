using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Orchestrator.Crypto.IO.Memory;

/// <summary>The few system calls that the class library has not got. Linux only.</summary>
internal static unsafe class Libc
{
    public const int ProtectNone = 0;
    public const int ReadWrite = 3;
    public const int MapShared = 0x01;
    public const int MapPrivateAnonymous = 0x22;
    public const int MapFixed = 0x10;
    public const int DoNotDump = 16;
    public const uint CloseOnExec = 1;
    public const uint AllowSealing = 2;
    public const int AddSeals = 1033;
    public const int GetSeals = 1034;
    public const int SetDescriptorFlags = 2;
    public const int SealAgainstSealing = 1;
    public const int SealAgainstShrinking = 2;
    public const int SealAgainstGrowing = 4;
    public const int FutexWait = 0;
    public const int FutexWake = 1;
    public const int WaitForOpenFileLock = 38;
    public const short WriteLock = 1;
    public const int Interrupted = 4;
    public const int SetDumpable = 4;
    public const int LimitOfCores = 4;

    /// <summary>futex(2) has no wrapper; its number on the machines that .NET runs on.</summary>
    public static readonly long Futex = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 202 : 98;

    /// <summary>Turns a failure into an exception that says what was tried.</summary>
    /// <exception cref="IOException">The call failed.</exception>
    public static nint Check(nint result, string deed) => result != -1
        ? result
        : throw new IOException($"Cannot {deed}.", new Win32Exception(Marshal.GetLastPInvokeError()));

    [DllImport("libc", SetLastError = true)]
    public static extern int memfd_create([MarshalAs(UnmanagedType.LPUTF8Str)] string name, uint flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int fcntl(nint descriptor, int command, int argument);

    /// <summary>Takes the write lock of a whole open file, waiting for it, through any signal. It is the open file's, not the process's; fcntl(2), F_OFD_SETLKW.</summary>
    public static int LockAlone(nint descriptor)
    {
        // The class library holds a flock(2) of every file that it opens, which is why it is not that.
        var whole = new FileLock { Type = WriteLock };
        int result;
        do
        {
            result = fcntl(descriptor, WaitForOpenFileLock, &whole);
        }
        while (result == -1 && Marshal.GetLastPInvokeError() == Interrupted);
        return result;
    }

    [DllImport("libc", SetLastError = true)]
    public static extern int fcntl(nint descriptor, int command, FileLock* argument);

    [DllImport("libc", SetLastError = true)]
    public static extern nint mmap(void* address, nuint length, int protection, int flags, nint descriptor, long offset);

    [DllImport("libc", SetLastError = true)]
    public static extern int munmap(void* address, nuint length);

    [DllImport("libc", SetLastError = true)]
    public static extern int mlock(void* address, nuint length);

    [DllImport("libc", SetLastError = true)]
    public static extern int madvise(void* address, nuint length, int advice);

    [DllImport("libc", SetLastError = true)]
    public static extern long syscall(long number, int* word, int operation, int value, TimeSpec* timeout);

    [DllImport("libc", SetLastError = true)]
    public static extern int prctl(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);

    [DllImport("libc", SetLastError = true)]
    public static extern int setrlimit(int resource, ulong* softAndHard);

    /// <summary>struct flock; zero stands for the whole file.</summary>
    public struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Owner;
    }

    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
