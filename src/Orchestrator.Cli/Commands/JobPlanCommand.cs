using System.CommandLine;
using System.Globalization;
using System.Text;
using Orchestrator.Attestation.Policies;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Device.Firmware;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator job plan</c>: the rehearsal.</summary>
internal static class JobPlanCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        Argument<string> file = JobCommands.FileArgument();
        var program = new Option<string?>("--program") { Description = "The program in plaintext, to run it once on zeros of the data's schema.", HelpName = "FILE" };
        var online = new Option<bool>("--ask-host") { Description = "Rehearse with the devices that the host describes, not with those that the job requires." };
        var policies = new Option<string[]>("--policy") { Description = "A party's published release policy, besides those that the job file lists. May be repeated.", HelpName = "PARTY=FILE" };
        var groups = new Option<string[]>("--group") { Description = "Evidence of a group that runs (`orchestrator group evidence`), to rehearse a prepare stage with in place of one that would just satisfy it. May be repeated.", HelpName = "STAGE=FILE" };
        var command = new CliCommand(
            "plan",
            "Rehearse a job before anyone encrypts or waits: compile it, predict what it reads, try the program, and ask every published release policy about devices and groups. Prints what would be refused and why.",
            "orchestrator job plan job.yaml",
            "orchestrator job plan job.yaml --program wdbc_mlp.pt --policy clinic-a=clinic-a/policy.yaml",
            "orchestrator job plan job.yaml --group join=evidence.cbor",
            "orchestrator job plan job.yaml --ask-host --host https://127.0.0.1:7443")
        {
            file, program, online, policies, groups,
        };
        options.AddHostTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            JobFile job = JobFile.Read(parsed.GetRequiredValue(file));
            job = job with { Policies = [.. job.Policies, .. (parsed.GetValue(policies) ?? []).Select(ParsePolicy)] };
            IReadOnlyList<PredictedDevice> devices = parsed.GetValue(online) ? await DevicesAsync(options, parsed, cancel) : [];
            PredictedGroup[] running = [.. (parsed.GetValue(groups) ?? []).Select(ParseGroup)];
            Rehearsal rehearsal = await Rehearsal.RunAsync(
                job, devices, ProgramRunner.Installed, parsed.GetValue(program), manifest => [.. running, .. PredictedGroups.Guess(manifest, terminal.Clock).Where(guess => !running.Any(group => group.Stage == guess.Stage))], cancel);
            terminal.Result(ToJson(rehearsal), Describe(rehearsal));
            if (!rehearsal.Manifest.Content.Device.Firmware.Contains(FirmwareMeter.Installed.Measure()))
            {
                terminal.Note("the job accepts other firmware than what is installed here; `device measure` prints this one's measurements");
            }

            if (rehearsal.Findings.Count > 0)
            {
                throw new OrchestratorException(JobErrors.WouldFail, $"{Wording.Count(rehearsal.Findings.Count, "finding")} would stop this job.");
            }
        });
        return command;
    }

    private static async Task<IReadOnlyList<PredictedDevice>> DevicesAsync(PartyOptions options, ParseResult parsed, CancellationToken cancel)
    {
        using Party party = await options.OpenAsync(parsed);
        await using HostConnection host = await options.ConnectAsync(parsed, party, cancel);
        return await host.DevicesAsync(cancel);
    }

    private static PublishedPolicy ParsePolicy(string text) =>
        text.Split('=', 2) is [var party, { Length: > 0 } path] && PartyName.IsValid(party)
            ? new PublishedPolicy(party, path)
            : throw new OrchestratorException(CliErrors.Usage, $"--policy takes PARTY=FILE, not \"{text}\".");

    private static PredictedGroup ParseGroup(string text) =>
        text.Split('=', 2) is [{ Length: > 0 } stage, { Length: > 0 } path]
            ? PredictedGroups.Read(stage, path)
            : throw new OrchestratorException(CliErrors.Usage, $"--group takes STAGE=FILE, not \"{text}\".");

    private static object ToJson(Rehearsal rehearsal) => new
    {
        job = rehearsal.Manifest.Digest.ToString(),
        ok = rehearsal.Findings.Count == 0,
        prediction = rehearsal.Prediction,
        compiled = ManifestTables.ToJson(rehearsal.Manifest),
        trial = rehearsal.Trial,
        findings = rehearsal.Findings,
        not_checked = rehearsal.NotChecked,
    };

    private static string Describe(Rehearsal rehearsal)
    {
        JobPrediction predicted = rehearsal.Prediction;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"job {rehearsal.Manifest.Digest}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  reads    {Wording.Count(predicted.TrainingRecords, "training record")}, {Wording.Count(predicted.StepsPerEpoch, "step")} and {Wording.Count(predicted.FramesPerEpoch, "frame")} an epoch");
        text.AppendLine(CultureInfo.InvariantCulture, $"  uploads  {ProgressDisplay.Size(predicted.SealedBytes)} sealed");
        text.AppendLine().AppendLine(ManifestTables.Describe(rehearsal.Manifest));
        if (rehearsal.Trial is { } trial)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  tried: the program has {trial.ParameterBytes} bytes of parameters and buffers, and its first steps took about {trial.WorkspaceBytes} bytes of workspace");
        }

        foreach (string line in rehearsal.NotChecked)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  not tried: {line}");
        }

        text.AppendLine(rehearsal.Findings.Count == 0 ? "nothing known would stop it" : $"{Wording.Count(rehearsal.Findings.Count, "finding")} would stop it:");
        foreach (Denial finding in rehearsal.Findings)
        {
            text.AppendLine(Explainer.Describe(finding));
        }

        return text.ToString().TrimEnd();
    }

}
