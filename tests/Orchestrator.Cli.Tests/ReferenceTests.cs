using System.CommandLine;
using System.Globalization;
using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Cli.Tests;

/// <summary>docs/cli.md is what the commands say of themselves. To write it anew: ORCHESTRATOR_WRITE_DOCS=1 dotnet test.</summary>
public sealed class ReferenceTests
{
    private static readonly (int Code, string Meaning)[] s_exitCodes =
    [
        (0, "done"),
        ((int)ErrorClass.Internal, "a defect of this software"),
        ((int)ErrorClass.Usage, "the command was put wrongly"),
        ((int)ErrorClass.Input, "a file or message cannot be understood"),
        ((int)ErrorClass.Integrity, "something was altered, replayed, truncated or sealed under another key"),
        ((int)ErrorClass.Refused, "a policy or a party said no"),
        ((int)ErrorClass.NotFound, "the thing named does not exist, or not for the one who asks"),
        ((int)ErrorClass.Conflict, "the thing named is in a state that does not allow this"),
        ((int)ErrorClass.Unavailable, "a host, device or agent cannot be reached, or ended in the middle"),
        ((int)ErrorClass.JobFailed, "the job ran and ended without a result"),
        ((int)ErrorClass.Storage, "disk or database refused a write or a read"),
        (129, "the terminal has gone (SIGHUP)"),
        (130, "interrupted (SIGINT)"),
        (143, "terminated (SIGTERM)"),
    ];

    [Fact]
    public void Reference_InTheTree_IsWhatTheCommandsSay()
    {
        string path = Repository.PathOf("docs", "cli.md");
        string reference = Markdown();
        if (Environment.GetEnvironmentVariable("ORCHESTRATOR_WRITE_DOCS") is "1")
        {
            File.WriteAllText(path, reference);
        }

        Assert.Equal(File.ReadAllText(path), reference);
    }

    [Fact]
    public void ExitCodes_InTheReference_AreAllClassesOfFailure()
    {
        Assert.Equal(Enum.GetValues<ErrorClass>().Select(value => (int)value), s_exitCodes.Select(entry => entry.Code).Where(code => code is > 0 and < 128));
        Assert.Equal(ExitCodes.HungUp, 129);
        Assert.Equal(ExitCodes.Interrupted, 130);
        Assert.Equal(ExitCodes.Terminated, 143);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Help_OfEveryCommand_HasExamplesThatBeginWithIt(string path)
    {
        using var cli = new Cli();
        CliOutcome help = await cli.RunAsync([.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.Equal(0, help.ExitCode);
        Assert.Empty(help.Error);
        string examples = help.Output[help.Output.IndexOf("Examples:", StringComparison.Ordinal)..];
        Assert.Contains($"  orchestrator {path}".TrimEnd(), examples, StringComparison.Ordinal);
    }

    public static TheoryData<string> Paths() => [.. All(Tree(), "").Select(command => command.Path)];

    private static RootCommand Tree() => CommandLine.Root(new Terminal { Out = TextWriter.Null, Error = TextWriter.Null });

    private static IEnumerable<(string Path, Command Command)> All(Command command, string path)
    {
        yield return (path, command);
        foreach (Command inner in command.Subcommands)
        {
            foreach ((string, Command) found in All(inner, $"{path} {inner.Name}".Trim()))
            {
                yield return found;
            }
        }
    }

    private static string Markdown()
    {
        var text = new StringBuilder();
        text.AppendLine("# The command `orchestrator`").AppendLine();
        text.AppendLine("Results go to standard output, everything else to standard error. With `--json` results are JSON, a value a line, and a failure is");
        text.AppendLine("one line of JSON on standard error. A failure is otherwise two lines: `error: CODE: what happened`, and `remedy: what to do`.");
        text.AppendLine("Codes: [errors.md](errors.md). The tests compare this page with what the commands say of themselves.").AppendLine();
        text.AppendLine("## Exit codes").AppendLine();
        text.AppendLine("| code | meaning |").AppendLine("| --- | --- |");
        foreach ((int code, string meaning) in s_exitCodes)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {code} | {meaning} |");
        }

        foreach ((string path, Command command) in All(Tree(), "").Where(entry => entry.Command.Subcommands.Count == 0))
        {
            AppendCommand(text, path, command);
        }

        return text.ToString();
    }

    private static void AppendCommand(StringBuilder text, string path, Command command)
    {
        string arguments = string.Concat(command.Arguments.Select(argument => argument.Arity.MinimumNumberOfValues == 0 ? $" [{argument.Name}...]" : $" {argument.Name}"));
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"## orchestrator {path}{arguments}").AppendLine();
        text.AppendLine(command.Description).AppendLine();
        text.AppendLine("| argument | |").AppendLine("| --- | --- |");
        foreach (Argument argument in command.Arguments)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| `{argument.Name}` | {argument.Description} |");
        }

        foreach (Option option in command.Options)
        {
            string value = option.HelpName is { } name ? $" {name}" : "";
            string names = string.Join(", ", new[] { option.Name }.Concat(option.Aliases.Order(StringComparer.Ordinal)).Select(alias => $"`{alias}{value}`"));
            text.AppendLine(CultureInfo.InvariantCulture, $"| {names}{(option.Required ? " (required)" : "")} | {option.Description} |");
        }

        text.AppendLine().AppendLine("```");
        foreach (string example in CliCommand.ExamplesOf(command))
        {
            text.AppendLine(example);
        }

        text.AppendLine("```");
    }
}
