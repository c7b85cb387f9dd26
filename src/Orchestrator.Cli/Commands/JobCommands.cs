using System.CommandLine;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator job</c>: proposing, agreeing to, and ending jobs. Planning and results have files of their own.</summary>
internal static class JobCommands
{
    public static Command Create(Terminal terminal) => CliCommand.Group(
        "job",
        "Plan a job, agree on it, follow it, get its result.",
        JobPlanCommand.Create(terminal),
        JobCompileCommand.Create(terminal),
        Propose(terminal),
        List(terminal),
        Review(terminal),
        Approve(terminal),
        JobWatchCommand.Create(terminal),
        JobResultCommand.Create(terminal),
        End(
            terminal,
            "withdraw",
            "Take this party's consent back. Its agent releases nothing for the job any more, whatever the host does.",
            (host, job, reason, cancel) => host.WithdrawAsync(job, reason, cancel)),
        End(
            terminal,
            "cancel",
            "End a job that this party proposed.",
            (host, job, reason, cancel) => host.CancelAsync(job, reason, cancel)));

    /// <summary>The argument that names a job file.</summary>
    public static Argument<string> FileArgument() => new("FILE") { Description = "The job file, job.yaml (docs/spec/job-file.md)." };

    private static CliCommand Propose(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        Argument<string> file = FileArgument();
        var command = new CliCommand(
            "propose",
            "Compile a job file and propose the job, with this party's own approval. Prints the job's name.",
            "orchestrator job propose job.yaml --host https://127.0.0.1:7443")
        {
            file,
        };
        options.AddHostTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            Manifest manifest = JobCompiler.Compile(JobFile.Read(parsed.GetRequiredValue(file)));
            using Party party = await options.OpenAsync(parsed);
            await using HostConnection host = await options.ConnectAsync(parsed, party, cancel);
            Digest job = await host.ProposeAsync(manifest, cancel);
            terminal.Note($"proposed \"{manifest.Content.Name}\"; now {string.Join(", ", manifest.Content.Parties.Select(other => other.Name).Where(name => name != party.Name))} must approve");
            terminal.Result(new { job = job.ToString(), name = manifest.Content.Name }, job.ToString());
        });
        return command;
    }

    private static CliCommand List(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        var command = new CliCommand("list", "Print the jobs that name this party: name, state, title.", "orchestrator job list", "orchestrator job list --json");
        options.AddHostTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using Party party = await options.OpenAsync(parsed);
            await using HostConnection host = await options.ConnectAsync(parsed, party, cancel);
            IReadOnlyList<Job> jobs = await host.JobsAsync(cancel);
            var rows = jobs.Select(job => new { job = Convert.ToHexStringLower(job.Job_.Span), state = job.State, name = job.Name, proposer = job.Proposer }).ToList();
            terminal.Result(rows, string.Join('\n', rows.Select(row => $"{row.job}  {row.state,-13}  {RpcErrors.Printable($"{row.name}  (by {row.proposer})")}")));
        });
        return command;
    }

    private static CliCommand Review(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        Argument<string> job = JobArgument.Create();
        var against = new Option<string?>("--against") { Description = "An earlier job: show what has changed since, and what follows from it.", HelpName = "JOB" };
        var command = new CliCommand(
            "review",
            "Print what this party would agree to, in words.",
            "orchestrator job review 5f3c...",
            "orchestrator job review 5f3c... --against 91ab...")
        {
            job, against,
        };
        options.AddHostTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            Digest name = JobArgument.Parse(parsed.GetRequiredValue(job));
            Digest? earlier = parsed.GetValue(against) is { } text ? JobArgument.Parse(text) : null;
            using Party party = await options.OpenAsync(parsed);
            await using HostConnection host = await options.ConnectAsync(parsed, party, cancel);
            Manifest manifest = await host.ManifestAsync(name, cancel);
            JobDiff? diff = earlier is { } before ? JobDiff.Between(await host.ManifestAsync(before, cancel), manifest) : null;
            string words = JobReview.Describe(manifest, party.Name);
            terminal.Result(
                new { job = name.ToString(), review = words, changes = diff?.Changes, must_approve = diff?.MustApprove, affected = diff?.Affected, checkpoints_lost = diff?.CheckpointsLost },
                diff is null ? words : $"{words}\nSince {earlier}:\n{diff}");
        });
        return command;
    }

    private static CliCommand Approve(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        Argument<string> job = JobArgument.Create();
        var command = new CliCommand(
            "approve",
            "Sign a job, as `job review` shows it. From then on this party's agent may release keys for it.",
            "orchestrator job approve 5f3c...")
        {
            job,
        };
        options.AddHostTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            Digest name = JobArgument.Parse(parsed.GetRequiredValue(job));
            using Party party = await options.OpenAsync(parsed);
            await using HostConnection host = await options.ConnectAsync(parsed, party, cancel);
            Job state = await host.ApproveAsync(await host.ManifestAsync(name, cancel), cancel);
            Print(terminal, name, state);
        });
        return command;
    }

    private static CliCommand End(Terminal terminal, string verb, string description, Func<HostConnection, Digest, string, CancellationToken, Task<Job>> end)
    {
        var options = new PartyOptions(terminal);
        Argument<string> job = JobArgument.Create();
        var reason = new Option<string>("--reason") { Description = "Why, for the others to read.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var command = new CliCommand(verb, description, $"orchestrator job {verb} 5f3c... --reason \"wrong data\"")
        {
            job, reason,
        };
        options.AddHostTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            Digest name = JobArgument.Parse(parsed.GetRequiredValue(job));
            using Party party = await options.OpenAsync(parsed);
            await using HostConnection host = await options.ConnectAsync(parsed, party, cancel);
            Print(terminal, name, await end(host, name, parsed.GetRequiredValue(reason), cancel));
        });
        return command;
    }

    private static void Print(Terminal terminal, Digest job, Job state)
    {
        if (state.MissingObjects.Count > 0)
        {
            terminal.Note($"the host still lacks {state.MissingObjects.Count} sealed files: {string.Join(", ", state.MissingObjects)}");
        }

        terminal.Result(new { job = job.ToString(), state = state.State, missing_objects = state.MissingObjects }, $"{job}  {state.State}");
    }
}
