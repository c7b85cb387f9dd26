using System.CommandLine;
using System.Globalization;
using Orchestrator.Contracts;
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
            JobEvent? running = null;
            await foreach (JobEvent happened in host.WatchAsync(name, cancel: cancel))
            {
                running = happened.Kind == "running" ? happened : running;
                Print(terminal, happened, running);
                last = happened;
            }

            if (last is { State: JobState.Failed or JobState.Withdrawn or JobState.Cancelled })
            {
                throw JobErrors.Ended(name, last.State, last.Error);
            }
        });
        return command;
    }

    private static void Print(Terminal terminal, JobEvent happened, JobEvent? running)
    {
        DateTimeOffset time = DateTimeOffset.FromUnixTimeMilliseconds(happened.TimeUnixMilliseconds);
        string party = happened.Party.Length > 0 ? $" {happened.Party}" : "";
        terminal.Result(
            new
            {
                sequence = happened.Sequence,
                time,
                state = happened.State,
                kind = happened.Kind,
                party = happened.Party,
                text = happened.Text,
                error = happened.Error?.Code,
                epoch = happened.Progress?.Epoch,
                epochs = happened.Progress?.Epochs,
                bytes_read = happened.Progress?.BytesRead,
            },
            string.Create(CultureInfo.InvariantCulture, $"{time.ToLocalTime():HH:mm:ss} {happened.State,-13} {RpcErrors.Printable($"{happened.Kind}{party}  {Progress(happened, running)}{happened.Text}")}"));
        foreach (Contracts.Protocol.Denial denial in happened.Error?.Denials ?? [])
        {
            terminal.Note(Explainer.Describe(denial));
        }
    }

    private static string Progress(JobEvent happened, JobEvent? running)
    {
        if (happened.Progress is not { Epochs: > 0, Epoch: > 0 } progress || running is null)
        {
            return "";
        }

        TimeSpan spent = TimeSpan.FromMilliseconds(happened.TimeUnixMilliseconds - running.TimeUnixMilliseconds);
        TimeSpan left = spent * (progress.Epochs - progress.Epoch) / progress.Epoch;
        double rate = spent > TimeSpan.Zero ? progress.BytesRead / spent.TotalSeconds : 0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {progress.Epoch} of {progress.Epochs}, {ProgressDisplay.Size(progress.BytesRead)} read at {ProgressDisplay.Size(rate)}/s, {left:hh\\:mm\\:ss} left ");
    }
}
