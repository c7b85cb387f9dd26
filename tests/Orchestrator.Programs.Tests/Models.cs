using System.Diagnostics;

[assembly: AssemblyFixture(typeof(Orchestrator.Programs.Tests.Models))]

namespace Orchestrator.Programs.Tests;

/// <summary>Models as PyTorch saves them, exported once by models.py.</summary>
public sealed class Models : IDisposable
{
    public Models() => Complaints = Python("models.py", Folder);

    public string Folder { get; } = Directory.CreateTempSubdirectory("programs-tests-").FullName;

    /// <summary>Models that PyTorch itself could not save, a line each.</summary>
    public string Complaints { get; }

    public IEnumerable<string> Names => Directory.EnumerateFiles(Folder, "*.pt").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    public byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Folder, name + ".pt"));

    /// <summary>An example program of the tree.</summary>
    public static byte[] Example(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "programs", name + ".pt"));

    /// <summary>Runs a script of the tests and returns what it prints.</summary>
    public static string Python(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Python", script), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEndAsync();
        var output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, $"{script} ended with {python.ExitCode}: {errors.Result}");
        return output;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
