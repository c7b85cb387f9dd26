using System.Diagnostics;

namespace Orchestrator.Guest.Kernel;

/// <summary>Programs that set up block devices. They come with the machine's image and are measured with it.</summary>
internal static class SystemProgram
{
    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="IOException">It failed; the message has what it said.</exception>
    public static void Run(string program, params IEnumerable<string> arguments) => Run([], program, arguments);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="input">For its standard input.</param>
    /// <param name="program">Its name.</param>
    /// <param name="arguments">What follows.</param>
    /// <exception cref="IOException">It failed; the message has what it said.</exception>
    public static void Run(ReadOnlySpan<byte> input, string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin";
        // Nobody but the program itself makes the device's node.
        start.Environment["DM_DISABLE_UDEV"] = "1";
        using Process process = Process.Start(start)!;
        process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        output.GetAwaiter().GetResult();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new IOException($"{program} ended with {process.ExitCode}: {errors.Trim().Split('\n')[^1]}");
        }
    }
}
