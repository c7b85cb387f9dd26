using System.CommandLine;
using Orchestrator.Crypto;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator job result</c>.</summary>
internal static class JobResultCommand
{
    public static Command Create(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        Argument<string> job = JobArgument.Create();
        Option<string> output = DataCommands.OutputOption("Folder for outputs and receipt.");
        Option<string?> policy = AgentCommands.PolicyOption();
        var maximum = new Option<long>("--maximum-output")
        {
            Description = "Largest output that is fetched, in bytes: the host's word alone does not fill the disk.",
            HelpName = "BYTES",
            DefaultValueFactory = _ => 64L << 30,
        };
        var command = new CliCommand(
            "result",
            "Fetch a completed job's outputs, verify the receipt by your own policy, and open what is sealed to you. Files appear when everything is verified.",
            "orchestrator job result 5f3c... -o result",
            "orchestrator job result 5f3c... -o result --policy policy.yaml --json")
        {
            job, output, policy, maximum,
        };
        options.AddHostTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            Digest name = JobArgument.Parse(parsed.GetRequiredValue(job));
            using Party party = await options.OpenAsync(parsed);
            PartyPolicy rules = AgentCommands.ReadPolicy(parsed, policy, party.Home, party.Name);
            await using HostConnection host = await options.ConnectAsync(parsed, party, cancel);
            host.MaximumDownloadBytes = parsed.GetValue(maximum);
            JobResult result = await ProgressDisplay.RunAsync(
                terminal, progress => host.ResultAsync(name, parsed.GetRequiredValue(output), rules, progress, cancel));
            terminal.Note($"receipt verified: device {result.Receipt.Quote.Claims.DeviceId}{(result.Receipt.Quote.Claims.Simulated ? " (simulated)" : "")}, {result.Receipt.Receipt.Epochs} epochs");
            terminal.Result(
                new
                {
                    job = name.ToString(),
                    receipt = result.ReceiptPath,
                    outputs = result.Outputs,
                    metrics = result.ReadMetrics()?.Final,
                },
                string.Join('\n', [.. result.Outputs.Select(file => file.Path), result.ReceiptPath]));
        });
        return command;
    }
}
