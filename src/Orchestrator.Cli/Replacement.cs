using System.Runtime.InteropServices;
using Orchestrator.Errors;

namespace Orchestrator.Cli;

/// <summary>Hands this process over to another program (execv), so that signals, standard streams and the process id are that program's own.</summary>
internal static class Replacement
{
    /// <summary>Becomes a program that is installed in this one's folder. Returns only by throwing.</summary>
    /// <exception cref="OrchestratorException"><see cref="CliErrors.ProgramMissing"/>.</exception>
    public static void Become(string program, IReadOnlyList<string> arguments)
    {
        string path = Path.Combine(AppContext.BaseDirectory, program);
        string?[] vector = [path, .. arguments, null];
        _ = Exec(path, vector);
        throw new OrchestratorException(CliErrors.ProgramMissing, $"{path} cannot be started: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [DllImport("libc", EntryPoint = "execv", SetLastError = true)]
    private static extern int Exec(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string path,
        [MarshalAs(UnmanagedType.LPArray, ArraySubType = UnmanagedType.LPStr)] string?[] arguments);
}
