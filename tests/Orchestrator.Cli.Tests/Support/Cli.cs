using System.Text.Json;

namespace Orchestrator.Cli.Tests;

/// <summary>Runs command lines in process, in a folder of its own, as if on pipes.</summary>
internal sealed class Cli : IDisposable
{
    public const string Passphrase = "correct horse battery";

    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-cli-").FullName;
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal) { ["ORCHESTRATOR_PASSPHRASE"] = Passphrase };

    public string this[string name] => Path.Combine(_folder, name);

    public string Write(string name, string content)
    {
        File.WriteAllText(this[name], content);
        return this[name];
    }

    /// <summary>Files and folders, relative to the folder: what a failed command must leave as it was.</summary>
    public IReadOnlyList<string> Listing() =>
        [.. Directory.GetFileSystemEntries(_folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(_folder, path)).Order(StringComparer.Ordinal)];

    public void SetVariable(string name, string? value)
    {
        if (value is null)
        {
            _variables.Remove(name);
        }
        else
        {
            _variables[name] = value;
        }
    }

    public Task<CliOutcome> RunAsync(params string[] arguments) => RunAsync(CancellationToken.None, arguments);

    public async Task<CliOutcome> RunAsync(CancellationToken cancel, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var terminal = new Terminal { Out = output, Error = error, Variable = name => _variables.GetValueOrDefault(name) };
        int exitCode = await CommandLine.RunAsync(arguments, terminal, cancel);
        return new CliOutcome(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command line that must succeed.</summary>
    public async Task<CliOutcome> MustRunAsync(params string[] arguments)
    {
        CliOutcome outcome = await RunAsync(arguments);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return outcome;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

/// <summary>What a command line did.</summary>
internal sealed record CliOutcome(int ExitCode, string Output, string Error)
{
    /// <summary>The code in the error line, or none.</summary>
    public string? Code => Error.Split('\n').FirstOrDefault(line => line.StartsWith("error: ", StringComparison.Ordinal))?.Split(' ')[1].TrimEnd(':');

    public JsonElement Json => JsonDocument.Parse(Output).RootElement;
}
