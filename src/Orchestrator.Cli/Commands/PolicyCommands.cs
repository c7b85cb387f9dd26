using System.CommandLine;
using System.Globalization;
using Orchestrator.Containers.Replays;
using Orchestrator.Errors;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator policy</c>.</summary>
internal static class PolicyCommands
{
    public static Command Create(Terminal terminal) => CliCommand.Group(
        "policy", "Work with the execution policies of confidential container groups.", PolicyGenerateCommand.Create(terminal), PolicyProofCommands.Prove(terminal), PolicyProofCommands.Explain(terminal),
        PolicyProofCommands.Diff(terminal), PolicyExtendCommand.Create(terminal), Replay(terminal));

    private static CliCommand Replay(Terminal terminal)
    {
        var file = new Argument<string>("RECORDING") { Description = "Sessions of requests with the verdicts of another engine, as JSON, gzipped or not." };
        var command = new CliCommand(
            "replay",
            "Decide recorded requests again, and print every verdict that differs from the recorded one.",
            "orchestrator policy replay sessions.json.gz",
            "orchestrator policy replay sessions.json.gz --json")
        {
            file,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            ReplayResult result = RecordedSessions.ReplayFile(path);
            foreach (string unread in result.Unread)
            {
                terminal.Note($"policy refused: {unread}");
            }

            foreach (Mismatch mismatch in result.Mismatches)
            {
                terminal.Note($"{mismatch.Session} step {mismatch.Step} {mismatch.Point}: {mismatch.Field} recorded {mismatch.Recorded}, observed {mismatch.Observed}");
            }

            terminal.Result(result, string.Create(CultureInfo.InvariantCulture, $"sessions={result.Sessions} steps={result.Steps} mismatches={result.Mismatches.Length}"));
            if (!result.Mismatches.IsEmpty)
            {
                throw new OrchestratorException(ReplayErrors.Mismatch, $"{path}: {result.Mismatches.Length} verdicts differ from the recorded ones.");
            }
        });
        return command;
    }
}
