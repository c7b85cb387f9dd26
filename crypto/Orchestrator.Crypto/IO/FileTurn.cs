using Orchestrator.Crypto.IO.Memory;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.IO;

/// <summary>
/// The right to do something alone, among all processes that take turns by one file. A process that ends gives its turn back, whatever
/// ended it. The file stays, empty.
/// </summary>
public sealed class FileTurn : IDisposable
{
    private readonly FileStream _file;

    private FileTurn(FileStream file) => _file = file;

    /// <summary>Waits for the turn.</summary>
    /// <param name="path">The file; made if it is missing, for its owner alone.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="StorageErrors"/>.</exception>
    public static FileTurn Take(string path) => LocalFile.Guard(path, () =>
    {
        FileStream file = LocalFile.OpenAppend(path);
        try
        {
            Wait(file);
            return new FileTurn(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    });

    /// <summary>Gives the turn back.</summary>
    public void Dispose() => _file.Dispose();

    private static void Wait(FileStream file)
    {
        // On other systems than Linux the file takes part in nothing, and an owner has to run one process at a time.
        if (OperatingSystem.IsLinux())
        {
            Libc.Check(Libc.LockAlone(file.SafeFileHandle.DangerousGetHandle()), "wait for a turn");
        }
    }
}
