using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Orchestrator.Training.Programs;

/// <summary>
/// A file that exists in memory only, for libraries that take a path: nothing is written to a disk, and nothing is left after
/// <see cref="Dispose"/>. See memfd_create(2).
/// </summary>
internal sealed class MemoryFile : IDisposable
{
    private const uint CloseOnExec = 1;

    private readonly SafeFileHandle _handle;

    public MemoryFile(Action<Stream> write)
    {
        var descriptor = memfd_create("program", CloseOnExec);
        if (descriptor < 0)
        {
            throw new IOException("memory file", new Win32Exception(Marshal.GetLastPInvokeError()));
        }

        _handle = new SafeFileHandle(descriptor, ownsHandle: true);
        using var content = new BufferedStream(new FileStream(Path, FileMode.Open, FileAccess.Write));
        write(content);
    }

    /// <summary>Names the file within this process.</summary>
    public string Path => $"/proc/self/fd/{_handle.DangerousGetHandle()}";

    public void Dispose() => _handle.Dispose();

    [DllImport("libc", SetLastError = true)]
    private static extern int memfd_create([MarshalAs(UnmanagedType.LPUTF8Str)] string name, uint flags);
}
