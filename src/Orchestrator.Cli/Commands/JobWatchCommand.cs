using System.CommandLine;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator job watch</c>.</summary>
internal static class JobWatchCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        Argument<string> job = JobArgument.Create();
        var command = new CliCommand(
            "watch",
            "Print a job's events, past and coming, until it has ended. A job that ends without a result is a failure of this command, too.",
            "orchestrator job watch 5f3c...",
            "orchestrator job watch 5f3c... --json")
        {
            job,
        };
        options.AddHostTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            Digest name = JobArgument.Parse(parsed.GetRequiredValue(job));
            using Party party = await options.OpenAsync(parsed);
            await using HostConnection host = await options.ConnectAsync(parsed, party, cancel);
            JobEvent? last = null;
            using (var display = new JobEventDisplay(terminal))
            {
                await foreach (JobEvent happened in host.WatchAsync(name, cancel: cancel))
                {
                    display.Show(happened);
                    last = happened;
                }
            }

            if (last is { State: JobState.Failed or JobState.Withdrawn or JobState.Cancelled })
            {
                throw JobErrors.Ended(name, last.State, last.Error);
            }
        });
        return command;
    }
}
