using System.Diagnostics;

namespace Orchestrator.Tiles.Tests;

/// <summary>The built executable.</summary>
internal static class TileExecutable
{
    private static readonly string Executable = Path.Combine(AppContext.BaseDirectory, "Orchestrator.Tiles");

    public static Process Start(params string[] arguments) => Start([], arguments);

    /// <summary>Starts a command with some environment variables set.</summary>
    public static Process Start(IEnumerable<(string Name, string Value)> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Executable, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs a command to its end.</summary>
    public static Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) => FinishAsync(Start(arguments));

    /// <summary>Waits for the end of a process.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> FinishAsync(Process started)
    {
        using var process = started;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}
