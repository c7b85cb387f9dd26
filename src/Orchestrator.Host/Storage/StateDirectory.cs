using Orchestrator.Errors;

namespace Orchestrator.Host.Storage;

/// <summary>The host's folder: <c>host.db</c>, <c>objects/</c>, <c>uploads/</c>, <c>tls/</c>. It belongs to one process at a time and to no other user.</summary>
internal sealed class StateDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The mode of every file in the folder.</summary>
    public const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream _lock;

    private StateDirectory(string root, FileStream @lock)
    {
        Root = root;
        _lock = @lock;
        Objects = Folder("objects");
        Uploads = Folder("uploads");
        Tls = Folder("tls");
    }

    public string Root { get; }

    /// <summary>Complete objects.</summary>
    public string Objects { get; }

    /// <summary>Objects on their way in. On the same file system as <see cref="Objects"/>, so that a rename finishes one.</summary>
    public string Uploads { get; }

    public string Tls { get; }

    public string Database => Path.Combine(Root, "host.db");

    /// <summary>Creates the folder if it is missing, and takes it.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.StateInUse"/> or <see cref="HostErrors.StateUnusable"/>.</exception>
    public static StateDirectory Open(string path)
    {
        string root = Path.GetFullPath(path);
        try
        {
            CreateFolder(root);
            return new StateDirectory(root, TakeLock(root));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OrchestratorException(HostErrors.StateUnusable, $"The state folder {root} cannot be used: {failure.Message}", inner: failure);
        }
    }

    /// <summary>Opens a file for reading and writing, one that only this user can read if it is new. Unbuffered.</summary>
    public static FileStream OpenFile(string path, FileMode mode, FileShare share = FileShare.Read)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerFile;
        }

        return new FileStream(path, options);
    }

    public void Dispose() => _lock.Dispose();

    private static FileStream TakeLock(string root)
    {
        string path = Path.Combine(root, "lock");
        try
        {
            return OpenFile(path, FileMode.OpenOrCreate, FileShare.None);
        }
        catch (IOException failure) when (File.Exists(path))
        {
            throw new OrchestratorException(HostErrors.StateInUse, $"Another process holds the state folder {root}.", inner: failure);
        }
    }

    private string Folder(string name)
    {
        string path = Path.Combine(Root, name);
        CreateFolder(path);
        return path;
    }

    private static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnly);
        }
    }
}
