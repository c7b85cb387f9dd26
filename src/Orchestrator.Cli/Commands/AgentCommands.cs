using System.CommandLine;
using Orchestrator.Attestation.Policies;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator agent</c>.</summary>
internal static class AgentCommands
{
    /// <summary>The policy's place in the home folder.</summary>
    private const string DefaultPolicy = "policy.yaml";

    public static Command Create(Terminal terminal) => CliCommand.Group(
        "agent", "Let keys out to devices that satisfy your own policy, for jobs that you approved.", Run(terminal));

    /// <summary>The option <c>--policy FILE</c>.</summary>
    public static Option<string?> PolicyOption() => new("--policy")
    {
        Description = $"Your release policy (docs/spec/release-policy.md). Default: {DefaultPolicy} in the home folder.",
        HelpName = "FILE",
    };

    public static PartyPolicy ReadPolicy(ParseResult parsed, Option<string?> option, string home, string party) =>
        PartyPolicy.Read(parsed.GetValue(option) ?? Path.Combine(home, DefaultPolicy), party);

    private static CliCommand Run(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        Option<string?> policy = PolicyOption();
        var command = new CliCommand(
            "run",
            "Attend a host until stopped, waiting for it while it is away: answer its requests for nonces, verify every quote, release keys or refuse with all reasons. Keeps a log in the home folder, releases.jsonl.",
            "orchestrator agent run --host https://127.0.0.1:7443 --policy policy.yaml",
            "orchestrator agent run --home ./clinic-a --passphrase-file passphrase.txt")
        {
            policy,
        };
        options.AddHostTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using Party party = await options.OpenAsync(parsed);
            PartyPolicy rules = ReadPolicy(parsed, policy, party.Home, party.Name);
            if (rules.ConsultsCollateral)
            {
                // It is read anew for every quote, but if it is not there now, whole jobs would end for it then.
                rules.Verifier(terminal.Clock);
            }

            var agent = new ReleaseAgent(party, rules, new Narrator(terminal));
            await agent.RunAsync(ended => options.ConnectAsync(parsed, party, ended), cancel);
        });
        return command;
    }

    private sealed class Narrator(Terminal terminal) : IProgress<ReleaseEvent>
    {
        public void Report(ReleaseEvent value)
        {
            if (terminal.Json)
            {
                terminal.Result(
                    new { kind = value.Kind, job = value.Job?.ToString(), quote = value.Quote?.ToString(), streams = value.Streams, denials = value.Denials, text = value.Text },
                    "");
                return;
            }

            terminal.Note($"{terminal.Clock.GetLocalNow():HH:mm:ss} {value.Text}");
            foreach (Denial denial in value.Denials)
            {
                terminal.Note(Explainer.Describe(denial));
            }
        }
    }
}
