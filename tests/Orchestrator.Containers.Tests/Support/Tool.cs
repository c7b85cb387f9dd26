using System.Diagnostics;

namespace Orchestrator.Containers.Tests;

/// <summary>Programs of the distribution that results are compared with.</summary>
internal static class Tool
{
    /// <summary>Whether this process may mount.</summary>
    public static bool IsRoot { get; } = Environment.UserName == "root";

    /// <summary>Runs a program to its end; one that fails throws.</summary>
    /// <returns>Its standard output.</returns>
    public static string Run(string program, params string[] arguments)
    {
        (int code, string output, string error) = Try(program, arguments);
        return code == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {code}: {error}{output}");
    }

    /// <summary>Runs a program to its end.</summary>
    public static (int Code, string Output, string Error) Try(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
