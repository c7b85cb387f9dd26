using System.Diagnostics;
using Orchestrator.Errors;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>How a program ended, and what it said.</summary>
internal sealed record Ending(int ExitCode, string Output, string Error)
{
    /// <summary>Asserts a failure as the command reports it: its exit code, and last on standard error one line with the code and one with a remedy.</summary>
    public void AssertFailed(ErrorClass exitCode, string code)
    {
        Assert.True(ExitCode == (int)exitCode, ToString());
        string[] lines = Error.TrimEnd('\n').Split('\n');
        Assert.StartsWith($"error: {code}: ", lines[^2], StringComparison.Ordinal);
        Assert.Matches("^remedy: .+", lines[^1]);
        Assert.Single(lines, line => line.StartsWith("error: ", StringComparison.Ordinal));
    }
}

/// <summary>The programs under test, as they were built.</summary>
internal static class Executable
{
    public const string Orchestrator = "orchestrator";
    public const string Tiles = "Orchestrator.Tiles";
    public const string Python = "/usr/bin/python3";

    /// <summary>How to start a program that was built beside these tests, or that the system has.</summary>
    public static ProcessStartInfo Start(string program, IEnumerable<string> arguments) =>
        new(Path.Combine(AppContext.BaseDirectory, program), arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

    /// <summary>Runs a program to its end.</summary>
    public static Task<Ending> RunAsync(string program, params string[] arguments) => RunAsync(program, Patience.Limit, arguments);

    /// <summary>Runs a program to its end, which takes long.</summary>
    public static async Task<Ending> RunAsync(string program, TimeSpan patience, params string[] arguments)
    {
        using CancellationTokenSource limit = Patience.Begin(patience);
        using Process process = Process.Start(Start(program, arguments))!;
        try
        {
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new Ending(process.ExitCode, await output, await error);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
