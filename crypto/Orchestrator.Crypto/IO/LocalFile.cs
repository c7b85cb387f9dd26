using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.IO;

/// <summary>Reads local files with a limit; every failure has a code of <see cref="StorageErrors"/>.</summary>
public static class LocalFile
{
    /// <summary>For files that only their owner may read.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Opens a file for sequential reading.</summary>
    public static FileStream OpenRead(string path) => Guard(path, () => Directory.Exists(path)
        ? throw new OrchestratorException(StorageErrors.WrongKind, $"{path} is a folder, not a file.")
        : new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Open,
            Access = FileAccess.Read,
            Share = FileShare.Read,
            Options = FileOptions.SequentialScan,
            BufferSize = 0,
        }));

    /// <summary>Opens a file that only its owner may read, at its end; makes it if absent.</summary>
    public static FileStream OpenAppend(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return new FileStream(path, options);
    }

    /// <summary>The whole of a file of at most <paramref name="maxBytes"/> bytes.</summary>
    public static byte[] ReadAllBytes(string path, int maxBytes, ErrorCode tooLarge) => Guard(path, () =>
    {
        using FileStream file = OpenRead(path);

        // One byte more than allowed, so that a pipe or a growing file cannot pass for a short one.
        byte[] buffer = new byte[(file.CanSeek ? Math.Min(maxBytes, file.Length) : maxBytes) + 1];
        int read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return read < buffer.Length
            ? buffer[..read]
            : throw new OrchestratorException(tooLarge, $"{path} has more than {maxBytes} bytes.");
    });

    /// <summary>The whole of a UTF-8 file of at most <paramref name="maxBytes"/> bytes.</summary>
    public static string ReadAllText(string path, int maxBytes, ErrorCode tooLarge)
    {
        byte[] bytes = ReadAllBytes(path, maxBytes, tooLarge);
        try
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException e)
        {
            throw new OrchestratorException(StorageErrors.NotText, $"{path} is not UTF-8 text.", inner: e);
        }
    }

    /// <summary>Whether a file that is there is what an <see cref="AtomicFile"/> would replace, by whatever links either is named.</summary>
    public static bool IsReplacedBy(string path, string destination)
    {
        string target = Path.GetFullPath(destination);
        string folder = Path.GetDirectoryName(target) ?? target;
        return Guard(path, () => WithoutLinks(path)) == Path.Combine(Guard(folder, () => WithoutLinks(folder)), Path.GetFileName(target));
    }

    /// <summary>Makes sure that a folder is there which only its owner can enter.</summary>
    public static void CreatePrivateFolder(string path) => Guard(path, () => OperatingSystem.IsWindows()
        ? Directory.CreateDirectory(path)
        : Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute));

    private static string WithoutLinks(string path)
    {
        string full = Path.GetFullPath(path);
        if (Path.GetDirectoryName(full) is not { } folder)
        {
            return full;
        }

        string real = Path.Combine(WithoutLinks(folder), Path.GetFileName(full));

        // What stands for a pipe is a link to a place that does not exist.
        string? target = File.ResolveLinkTarget(real, returnFinalTarget: true)?.FullName;
        return Path.Exists(target) ? WithoutLinks(target) : real;
    }

    /// <summary>Runs a file operation, naming its failure.</summary>
    public static T Guard<T>(string path, Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
            throw StorageErrors.From(e, path);
        }
    }
}
