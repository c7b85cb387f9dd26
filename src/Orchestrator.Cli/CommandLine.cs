using System.CommandLine;
using System.CommandLine.Help;
using Orchestrator.Cli.Commands;
using Orchestrator.Errors;

namespace Orchestrator.Cli;

/// <summary>The command <c>orchestrator</c>: its tree, and the one place where a failure becomes an exit code.</summary>
public static class CommandLine
{
    /// <summary>Asks for results as JSON.</summary>
    internal static readonly Option<bool> Json = new("--json")
    {
        Description = "Print results as JSON on standard output, and a failure as JSON on standard error.",
        Recursive = true,
    };

    /// <summary>Runs one command line.</summary>
    /// <param name="arguments">What follows the program's name.</param>
    /// <param name="terminal">Where results, messages and questions go.</param>
    /// <param name="cancel">Ends the work in good order; the exit code is then 130.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancel)
    {
        ParseResult parsed = Root(terminal).Parse(arguments);
        terminal.Json = parsed.GetValue(Json);
        try
        {
            if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
            {
                throw new OrchestratorException(CliErrors.Usage, Describe(parsed));
            }

            var configuration = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = terminal.Out,
                Error = terminal.Error,
            };
            return await parsed.InvokeAsync(configuration, cancel);
        }
        catch (OperationCanceledException)
        {
            terminal.Note("interrupted");
            return ExitCodes.Interrupted;
        }
        catch (OrchestratorException e)
        {
            terminal.Fail(e);
            return ExitCodes.Of(e.Code);
        }
        catch (Exception e)
        {
            terminal.Fail(new OrchestratorException(CliErrors.Defect, $"{e.GetType().Name}: {e.Message.Split('\n')[0]}", inner: e));
            return ExitCodes.Of(CliErrors.Defect);
        }
    }

    /// <summary>The tree of commands.</summary>
    public static RootCommand Root(Terminal terminal)
    {
        var root = new RootCommand("Train one model on several parties' data, on a device that proves what it is before it gets their keys.")
        {
            PartyCommands.Create(terminal),
            DataCommands.Create(terminal),
            ProgramCommands.Create(terminal),
            JobCommands.Create(terminal),
            AgentCommands.Create(terminal),
            ReceiptCommands.Create(terminal),
            EvidenceCommands.Create(terminal),
            ImageCommands.Create(terminal),
            PolicyCommands.Create(terminal),
            GroupCommands.Create(terminal),
            ServiceCommands.CreateHost(terminal),
            ServiceCommands.CreateDevice(terminal),
            ServiceCommands.CreateShim(terminal),
            AttackCommand.Create(terminal),
        };
        root.Options.Add(Json);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    private static string Describe(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string path = command is RootCommand ? "orchestrator" : $"orchestrator {CliCommand.PathOf(parsed.CommandResult)}";
        string findings = (command.Subcommands.Count, parsed.UnmatchedTokens.FirstOrDefault()) switch
        {
            ( > 0, null) => $"name one of its commands: {string.Join(", ", command.Subcommands.Select(inner => inner.Name))}",
            ( > 0, { } unknown) when !unknown.StartsWith('-') => $"there is no command \"{unknown}\"; {Suggest(command, path, unknown)}",
            _ => string.Join("; ", parsed.Errors.Select(error => error.Message.Split('\n')[0].TrimEnd('.'))),
        };
        return $"{path}: {findings}.";
    }

    private static string Suggest(Command group, string path, string unknown) => NearestCommand.Of(group, unknown) is { } nearest
        ? $"the nearest is `{path} {nearest}`"
        : $"there are {string.Join(", ", group.Subcommands.Select(inner => inner.Name))}";
}
