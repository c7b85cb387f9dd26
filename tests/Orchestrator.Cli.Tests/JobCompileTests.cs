using System.Diagnostics;
using Orchestrator.Errors;

namespace Orchestrator.Cli.Tests;

/// <summary>The specification's example job, compiled by the command and compared.</summary>
public sealed class JobCompileTests : IDisposable
{
    private readonly Cli _cli = new();

    public JobCompileTests()
    {
        string document = File.ReadAllText(Repository.PathOf("docs", "spec", "job-file.md"));
        _cli.Write("job.yaml", document.Split("```yaml\n")[1].Split("```")[0]);
        foreach (string card in new[] { "program.card", "train.card" })
        {
            File.Copy(Repository.PathOf("tests", "Vectors", "job-file", card), _cli[card]);
        }
    }

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("C", "UTC", "/")]
    [InlineData("tr_TR.UTF-8", "Pacific/Kiritimati", "/tmp")]
    [InlineData("de_DE.UTF-8", "America/St_Johns", "/usr")]
    public async Task Compile_InAnotherEnvironment_WritesTheVectorsBytes(string language, string zone, string folder)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "orchestrator"), ["job", "compile", _cli["job.yaml"], "-o", _cli["job.manifest"]])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            Environment = { ["LANG"] = language, ["LC_ALL"] = language, ["TZ"] = zone },
        };
        using Process compile = Process.Start(start)!;
        await compile.StandardOutput.ReadToEndAsync();
        await compile.WaitForExitAsync();

        Assert.Equal(0, compile.ExitCode);
        string vector = File.ReadAllText(Repository.PathOf("tests", "Vectors", "job-file", "manifest.hex")).ReplaceLineEndings("");
        Assert.Equal(vector, Convert.ToHexStringLower(File.ReadAllBytes(_cli["job.manifest"])));
    }

    [Fact]
    public async Task Check_OfTheSameJob_AgreesAndOfAnotherSaysWhereTheyDifferFirst()
    {
        await _cli.MustRunAsync("job", "compile", _cli["job.yaml"], "-o", _cli["job.manifest"]);
        CliOutcome same = await _cli.MustRunAsync("job", "compile", _cli["job.yaml"], "--check", _cli["job.manifest"]);
        Assert.Contains("byte for byte", same.Error, StringComparison.Ordinal);

        _cli.Write("job.yaml", File.ReadAllText(_cli["job.yaml"]).Replace("epochs: 20", "epochs: 21", StringComparison.Ordinal));
        CliOutcome other = await _cli.RunAsync("job", "compile", _cli["job.yaml"], "--check", _cli["job.manifest"]);
        Assert.Equal((int)ErrorClass.Refused, other.ExitCode);
        Assert.Equal("job-compiles-otherwise", other.Code);
        Assert.Contains("The proposal has plan.epochs 20; the job file compiles to 21.", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compile_OfAJobThatDoesNotFit_WritesNothing()
    {
        _cli.Write("job.yaml", File.ReadAllText(_cli["job.yaml"]).Replace("memory: {", "memory: {tiles: 1000, ", StringComparison.Ordinal));
        CliOutcome refused = await _cli.RunAsync("job", "compile", _cli["job.yaml"], "-o", _cli["job.manifest"]);

        Assert.Equal("job-memory-exceeded", refused.Code);
        Assert.False(File.Exists(_cli["job.manifest"]));
    }

    [Fact]
    public async Task Compile_AsJson_HasTheTables()
    {
        CliOutcome compiled = await _cli.MustRunAsync("job", "compile", _cli["job.yaml"], "--json");

        Assert.Equal("clinic", compiled.Json.GetProperty("streams")[1].GetProperty("owner").GetString());
        Assert.Equal(20, compiled.Json.GetProperty("passes")[1].GetProperty("times").GetInt32());
        Assert.Equal(10, compiled.Json.GetProperty("memory").GetProperty("parts").GetArrayLength());
    }
}
