using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Orchestrator.Cli;

/// <summary>A command that shows examples below its help.</summary>
/// <param name="name">The word on the command line.</param>
/// <param name="description">What it does, and what it prints.</param>
/// <param name="examples">Whole command lines.</param>
internal sealed class CliCommand(string name, string description, params IReadOnlyList<string> examples) : Command(name, description)
{
    /// <summary>Whole command lines that show typical uses.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>A group of commands, which itself does nothing.</summary>
    public static Command Group(string name, string description, params IEnumerable<Command> commands)
    {
        var group = new CliCommand(name, description);
        foreach (Command command in commands)
        {
            group.Subcommands.Add(command);
        }

        return group;
    }

    /// <summary>A command's examples; a group's are the first ones of its commands.</summary>
    public static IEnumerable<string> ExamplesOf(Command command) =>
        command is CliCommand { Examples: { Count: > 0 } examples } ? examples : command.Subcommands.Select(inner => ExamplesOf(inner).First());

    /// <summary>The words that lead to a command, without the program's name.</summary>
    public static string PathOf(CommandResult result) =>
        result.Parent is CommandResult { Command: not RootCommand } parent ? $"{PathOf(parent)} {result.Command.Name}" : result.Command.Name;
}

/// <summary>The library's help, then the command's examples.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int exitCode = help.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string example in CliCommand.ExamplesOf(parseResult.CommandResult.Command))
        {
            output.WriteLine($"  {example}");
        }

        output.WriteLine();
        return exitCode;
    }
}
