using Orchestrator.Errors;

namespace Orchestrator.Crypto.IO;

/// <summary>Ways in which the disk refuses.</summary>
public static class StorageErrors
{
    private const int AlreadyExists = 17;
    private const int NoSpaceLeft = 28;
    private const int QuotaExceeded = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>No space.</summary>
    public static readonly ErrorCode Full = new("storage-full", ErrorClass.Storage,
        "The disk is full.", "Free some space, or write to another disk, and try again.");

    /// <summary>No permission.</summary>
    public static readonly ErrorCode Denied = new("storage-denied", ErrorClass.Storage,
        "The file may not be read or written.", "Check the permissions of the file and its folder.");

    /// <summary>No such file or folder.</summary>
    public static readonly ErrorCode Missing = new("storage-missing", ErrorClass.NotFound,
        "The file or folder does not exist.", "Check the path.");

    /// <summary>A folder or a device where a file is asked for, or a file where a folder is.</summary>
    public static readonly ErrorCode WrongKind = new("storage-wrong-kind", ErrorClass.Usage,
        "The path names something of another kind: a folder or a device in place of a file, or a file in place of a folder.", "Name one of the kind that the message asks for.");

    /// <summary>Anything else.</summary>
    public static readonly ErrorCode Failed = new("storage-failed", ErrorClass.Storage,
        "The disk refused a read or a write.", "Check the disk, and try again.");

    /// <summary>Bytes that are no text.</summary>
    public static readonly ErrorCode NotText = new("file-not-text", ErrorClass.Input,
        "The file is not UTF-8 text.", "Check that it is the file you mean, and save it as UTF-8.");

    /// <summary>Whether an exception is one that file operations throw.</summary>
    public static bool Concerns(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <summary>The error that stands for an exception of a file operation.</summary>
    /// <param name="exception">One that <see cref="Concerns"/> knows.</param>
    /// <param name="path">The file, for the message.</param>
    public static OrchestratorException From(Exception exception, string path)
    {
        ArgumentNullException.ThrowIfNull(exception);
        (ErrorCode code, string finding) = exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => (Missing, "does not exist"),
            UnauthorizedAccessException => (Denied, "may not be read or written"),
            { HResult: AlreadyExists } => (WrongKind, "is a file, not a folder"),
            { HResult: NoSpaceLeft or QuotaExceeded or WindowsDiskFull } => (Full, "cannot be written, the disk is full"),
            _ => (Failed, "cannot be read or written"),
        };
        return new OrchestratorException(code, $"{path} {finding}.", inner: exception);
    }
}
