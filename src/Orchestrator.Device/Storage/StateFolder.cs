using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Device.Storage;

/// <summary>A folder that only its owner can read (0700, files 0600), whose files change at once or not at all.</summary>
public sealed class StateFolder
{
    private const int LockAttempts = 200;

    private static readonly TimeSpan LockRetryTime = TimeSpan.FromMilliseconds(50);

    private readonly string _path;

    /// <summary>Opens the folder, creating it when missing.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="StorageErrors"/>.</exception>
    public StateFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = path;
        LocalFile.Guard(path, () => OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(path)
            : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
    }

    /// <summary>Where a file of the folder is.</summary>
    public string PathOf(string name) => Path.Combine(_path, name);

    /// <summary>A file's bytes; <see langword="null"/> when there is no such file.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="StorageErrors"/>.</exception>
    public byte[]? Read(string name) => LocalFile.Guard(PathOf(name), () => File.Exists(PathOf(name)) ? File.ReadAllBytes(PathOf(name)) : null);

    /// <summary>Replaces a file; after a crash it is either the old or the new one.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="StorageErrors"/>.</exception>
    public void Write(string name, ReadOnlySpan<byte> data) =>
        AtomicFile.WriteAllBytes(PathOf(name), data, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>Holds the folder against every other process until disposed of.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.StateInUse"/> when another process holds it.</exception>
    public IDisposable Lock() => TryLock() ?? throw new OrchestratorException(DeviceErrors.StateInUse, $"Another process uses {_path}.");

    /// <summary>As <see cref="Lock"/>, for folders that several processes use for a moment each: waits for its turn.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.StateInUse"/> when the turn does not come within some seconds.</exception>
    public async Task<IDisposable> WaitForLockAsync(TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(time);
        for (int attempt = 0; attempt < LockAttempts; attempt++)
        {
            if (TryLock() is { } held)
            {
                return held;
            }

            await Task.Delay(LockRetryTime, time, cancellation).ConfigureAwait(false);
        }

        return Lock();
    }

    private FileStream? TryLock()
    {
        try
        {
            return new FileStream(PathOf("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException e)
        {
            throw StorageErrors.From(e, PathOf("lock"));
        }
    }
}
