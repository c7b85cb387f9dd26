using System.Diagnostics;
using Orchestrator.Programs;

[assembly: AssemblyFixture(typeof(Orchestrator.Training.Tests.ProgramFolder))]
[assembly: CollectionBehavior(DisableTestParallelization = true)] // libtorch's threads and generator are the process's

namespace Orchestrator.Training.Tests;

/// <summary>The programs that programs.py writes.</summary>
public sealed class ProgramFolder : IDisposable
{
    public ProgramFolder() => Python("programs.py", Path);

    public string Path { get; } = Directory.CreateTempSubdirectory("training-tests-").FullName;

    public byte[] Bytes(string name) => File.ReadAllBytes(System.IO.Path.Combine(Path, name + ".pt"));

    public VerifiedProgram Archive(string name) => VerifiedProgram.Verify(Bytes(name));

    /// <summary>Runs a script of the tests and returns what it prints.</summary>
    public static string Python(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", [System.IO.Path.Combine(AppContext.BaseDirectory, "Python", script), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEndAsync();
        var output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, errors.Result);
        return output;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
