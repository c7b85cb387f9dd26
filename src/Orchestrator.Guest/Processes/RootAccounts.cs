using System.Text;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Users;
using Orchestrator.Errors;
using Orchestrator.Guest.Kernel;

namespace Orchestrator.Guest.Processes;

/// <summary>The users and groups of a container's root file system.</summary>
internal static class RootAccounts
{
    /// <summary>Where there is no root file system: nobody has a name.</summary>
    public static Accounts None { get; } = new(null, null, Unknown);

    /// <summary>Reads the files of a root file system; what is missing is empty.</summary>
    /// <exception cref="OrchestratorException"><see cref="GuestErrors.UserUnknown"/>: a file is too large.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Accounts Read(string root) => new(TextOf(root, "/" + AccountFile.Users), TextOf(root, "/" + AccountFile.Groups), Unknown);

    private static string? TextOf(string root, string path)
    {
        using SafeFileHandle? file = RootedPath.OpenFile(root, path);
        if (file is null)
        {
            return null;
        }

        using var stream = new FileStream(file, FileAccess.Read);
        byte[] buffer = new byte[AccountFile.MaxBytes + 1];
        int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length <= AccountFile.MaxBytes
            ? Encoding.UTF8.GetString(buffer, 0, length)
            : throw new OrchestratorException(GuestErrors.UserUnknown, $"{path} of the container has more than {AccountFile.MaxBytes} bytes.");
    }

    private static OrchestratorException Unknown(string kind, string name) => new(GuestErrors.UserUnknown, $"The container has no {kind} \"{name}\".");
}
