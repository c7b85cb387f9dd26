using System.Diagnostics;

namespace Orchestrator.Bench;

/// <summary>Runs programs and waits for them.</summary>
internal static class Child
{
    /// <summary>The arguments that make this program do <paramref name="work"/> instead of measuring.</summary>
    public static string[] Self(string work, params string[] arguments) => [Environment.ProcessPath!, ChildWork.Switch, work, .. arguments];

    /// <summary>Runs a program to its end.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <returns>Its standard output and error.</returns>
    /// <exception cref="UnavailableException">There is no such program.</exception>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static (string Output, string Error) Run(params string[] command) => Run([], command);

    /// <inheritdoc cref="Run(string[])"/>
    /// <param name="environment">Variables that it gets besides this process's.</param>
    /// <param name="command">The program and its arguments.</param>
    public static (string Output, string Error) Run(IEnumerable<(string Variable, string Value)> environment, string[] command)
    {
        using Process process = Start(command, environment);
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? (output, error.GetAwaiter().GetResult())
            : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {error.GetAwaiter().GetResult()}");
    }

    /// <summary>Seconds from before the start of a program to after its end.</summary>
    public static double Seconds(params string[] command)
    {
        long start = Stopwatch.GetTimestamp();
        Run(command);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static Process Start(string[] command, IEnumerable<(string Variable, string Value)> environment)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string variable, string value) in environment)
        {
            start.Environment[variable] = value;
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new UnavailableException($"{command[0]} is not installed");
        }
    }
}
