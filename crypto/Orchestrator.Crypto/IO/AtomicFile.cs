using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.IO;

/// <summary>A file that appears under its name whole or not at all, also across a crash.</summary>
/// <remarks>
/// It is written under a temporary name in the same folder. <see cref="Commit"/> flushes it to the disk, renames it over what
/// was there, and flushes the folder. Disposing without a commit removes it.
/// </remarks>
public sealed class AtomicFile : IDisposable
{
    // statx(2), whose layout is the same on every architecture.
    private const int CurrentFolder = -100;
    private const uint TypeOnly = 1;
    private const int StatusSize = 256;
    private const int ModeOffset = 28;
    private const int TypeMask = 0xF000;
    private const int RegularFile = 0x8000;

    private readonly string _path;
    private readonly string _temporaryPath;
    private readonly FileStream _file;
    private bool _committed;

    private AtomicFile(string path, UnixFileMode mode)
    {
        _path = Path.GetFullPath(path);
        RequireReplaceable(path);
        string suffix = RandomNumberGenerator.GetHexString(16, lowercase: true);
        _temporaryPath = $"{_path}.{suffix}.partial";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        _file = new FileStream(_temporaryPath, options);
        Stream = new StorageStream(_file, path);
    }

    /// <summary>Where the content goes; unbuffered. Its failures are <see cref="OrchestratorException"/>s with a code of <see cref="StorageErrors"/>.</summary>
    public Stream Stream { get; }

    /// <summary>Begins a file.</summary>
    /// <param name="path">The name that it gets in the end; a file of that name is replaced, anything else is refused.</param>
    /// <param name="mode">Who may do what with it, subject to the process's mask; not for Windows.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="StorageErrors"/>.</exception>
    public static AtomicFile Create(string path, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return LocalFile.Guard(path, () => new AtomicFile(path, mode));
    }

    /// <summary>Writes a whole file.</summary>
    /// <inheritdoc cref="Create"/>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead)
    {
        using AtomicFile file = Create(path, mode);
        file.Stream.Write(content);
        file.Commit();
    }

    /// <summary>Gives the file its name. Afterwards it survives a crash.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="StorageErrors"/>.</exception>
    public void Commit() => LocalFile.Guard(_path, () =>
    {
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_temporaryPath, _path, overwrite: true);
        _committed = true;
        FlushFolder(Path.GetDirectoryName(_path)!);
        return true;
    });

    /// <summary>Makes the names in a folder survive a crash, after files were moved into it.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void FlushFolder(string path)
    {
        // The class library opens no folders.
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int folder = Open(path, 0);
        if (folder < 0)
        {
            throw new IOException("The folder cannot be opened.", Marshal.GetLastPInvokeError());
        }

        int result = Fsync(folder);
        int error = Marshal.GetLastPInvokeError();
        _ = Close(folder);
        if (result != 0)
        {
            throw new IOException("The folder cannot be flushed.", error);
        }
    }

    /// <summary>Removes the file if it was not committed.</summary>
    public void Dispose()
    {
        _file.Dispose();
        if (!_committed)
        {
            File.Delete(_temporaryPath);
        }
    }

    // A rename would put a file in the place of a device or pipe, for everybody on the machine.
    private void RequireReplaceable(string path)
    {
        if (Path.GetDirectoryName(_path) is { } folder && !Directory.Exists(folder))
        {
            throw new OrchestratorException(StorageErrors.Missing, $"The folder of {path} does not exist.");
        }

        Span<byte> status = stackalloc byte[StatusSize];
        if (Directory.Exists(_path) || (OperatingSystem.IsLinux() && Statx(CurrentFolder, _path, 0, TypeOnly, ref MemoryMarshal.GetReference(status)) == 0
            && (BitConverter.ToUInt16(status[ModeOffset..]) & TypeMask) != RegularFile))
        {
            throw new OrchestratorException(StorageErrors.WrongKind, $"{path} is a folder, a device or a pipe, not a file.");
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "statx")]
    private static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, ref byte status);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Fsync(int file);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int file);
}
