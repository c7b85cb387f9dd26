using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Attack;
using Orchestrator.Attack.Guests;
using Orchestrator.Attack.Ranges;
using Orchestrator.Errors;
using Spectre.Console;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator attack</c>: plays the hostile host against a machine of its own.</summary>
internal static class AttackCommand
{
    private const string Everything = "all";
    private const string OnGroups = "groups";

    public static Command Create(Terminal terminal)
    {
        var list = new Option<bool>("--list") { Description = "Print the attacks there are, and what must stop each." };
        var run = new Option<string?>("--run") { Description = "Mount one attack, all, or all on container groups.", HelpName = "NAME|all|groups" };
        Option<string?> uvm = GroupCommands.UvmOption();
        var folder = new Option<string?>("--folder") { Description = "Keep keys, state and logs in this folder, to look at. Default: a temporary one.", HelpName = "DIR" };
        var command = new CliCommand(
            "attack",
            "Play a hostile host: start a throw-away host, device, three parties and container groups on this machine, and mount attacks on live jobs and groups (the latter need root, or with --uvm virtual machines). The last line is attacks: stopped=N of=N; fails if one is not stopped.",
            "orchestrator attack --list",
            "orchestrator attack --run flip-bit",
            "orchestrator attack --run all --json",
            "orchestrator attack --run groups --uvm artifacts/uvm")
        {
            list, run, folder, uvm,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(list) == (parsed.GetValue(run) is not null))
            {
                throw new OrchestratorException(CliErrors.Usage, "orchestrator attack takes --list or --run.");
            }

            if (parsed.GetValue(list))
            {
                terminal.Result(AttackCatalogue.Cards.Select(ToJson), TableOf(["attack", "the host ...", "property", "noticed by", "code"], AttackCatalogue.Cards.Select(Describe)));
                return;
            }

            IReadOnlyList<AttackOutcome> outcomes = await RunAsync(terminal, parsed.GetRequiredValue(run)!, parsed.GetValue(folder), parsed.GetValue(uvm), cancel);
            Print(terminal, outcomes);
            RequireAllStopped(outcomes);
        });
        return command;
    }

    private static async Task<IReadOnlyList<AttackOutcome>> RunAsync(Terminal terminal, string name, string? folder, string? uvm, CancellationToken cancel)
    {
        if (name is not (Everything or OnGroups) && AttackCatalogue.Cards.All(card => card.Name != name))
        {
            throw new OrchestratorException(AttackErrors.Unknown, $"There is no attack \"{name}\".");
        }

        string place = folder is null ? Directory.CreateTempSubdirectory("orchestrator-attack-").FullName : Path.GetFullPath(folder);
        try
        {
            var outcomes = new List<AttackOutcome>();
            await RunOnJobsAsync(terminal, name, place, outcomes, cancel);
            await RunOnGroupsAsync(terminal, name, place, uvm, outcomes, cancel);
            terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{outcomes.Count} attacks took {outcomes.Sum(outcome => outcome.Elapsed.TotalSeconds):0} s"));
            return outcomes;
        }
        finally
        {
            if (folder is null)
            {
                Directory.Delete(place, recursive: true);
            }
        }
    }

    private static async Task RunOnJobsAsync(Terminal terminal, string name, string place, List<AttackOutcome> outcomes, CancellationToken cancel)
    {
        if (name is OnGroups || GuestRange.All.Any(attack => attack.Card.Name == name))
        {
            return;
        }

        terminal.Note("starting a host, a device and three parties, and running an honest job");
        await using AttackRange range = await AttackRange.StartAsync(place, cancel);
        foreach (Attack.Attack attack in AttackCatalogue.All(range.Material).Where(attack => name is Everything || attack.Card.Name == name))
        {
            Keep(terminal, await range.RunAsync(attack, cancel), outcomes);
        }

        await range.ControlAsync(cancel);
        terminal.Note("an honest job still runs on the same device");
    }

    private static async Task RunOnGroupsAsync(Terminal terminal, string name, string place, string? uvm, List<AttackOutcome> outcomes, CancellationToken cancel)
    {
        GuestAttack[] attacks = [.. GuestRange.All.Where(attack => name is Everything or OnGroups || attack.Card.Name == name)];
        if (attacks.Length == 0)
        {
            return;
        }

        // Of all attacks those that cannot be mounted are left out, and said to be; one that was asked for by name fails.
        if (name is Everything && uvm is null && !Environment.IsPrivilegedProcess)
        {
            terminal.Note($"{attacks.Length} attacks on container groups need root and were not mounted");
            return;
        }

        await using var range = new GuestRange(Path.Combine(place, "groups"), uvm);
        foreach (GuestAttack attack in attacks)
        {
            cancel.ThrowIfCancellationRequested();
            Keep(terminal, await range.RunAsync(attack), outcomes);
        }
    }

    private static void Keep(Terminal terminal, AttackOutcome outcome, List<AttackOutcome> outcomes)
    {
        outcomes.Add(outcome);
        terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{WordOf(outcome.Verdict)}  {outcome.Card.Name}: the host {outcome.Card.Deed} ({outcome.Elapsed.TotalSeconds:0.0} s)"));
        if (outcome.Verdict != Verdict.Stopped)
        {
            terminal.Note($"    must end with {outcome.Card.Ending}; told: {outcome.Told}");
        }
    }

    private static void Print(Terminal terminal, IReadOnlyList<AttackOutcome> outcomes)
    {
        int stopped = outcomes.Count(outcome => outcome.Verdict == Verdict.Stopped);
        IEnumerable<string[]> rows = outcomes.Select(outcome => (string[])[outcome.Card.Name, outcome.Card.Deed, WordOf(outcome.Verdict), outcome.Card.Ending, outcome.Told]);
        terminal.Result(
            new { attacks = outcomes.Select(ToJson), stopped, of = outcomes.Count },
            $"{TableOf(["attack", "the host ...", "verdict", "code", "what was said"], rows)}\nattacks: stopped={stopped} of={outcomes.Count}");
    }

    private static void RequireAllStopped(IReadOnlyList<AttackOutcome> outcomes)
    {
        string[] others = [.. outcomes.Where(outcome => outcome.Verdict != Verdict.Stopped).Select(outcome => $"{outcome.Card.Name} {WordOf(outcome.Verdict)}")];
        if (others.Length > 0)
        {
            throw new OrchestratorException(AttackErrors.NotStopped, $"{string.Join(", ", others)}.");
        }
    }

    private static string[] Describe(AttackCard card) => [card.Name, card.Deed, WordOf(card.Tests), WordOf(card.NoticedBy), card.Ending];

    private static object ToJson(AttackCard card) => new { name = card.Name, deed = card.Deed, property = card.Tests, noticed_by = card.NoticedBy, code = card.Code, denial = card.Denial.Length > 0 ? card.Denial : null };

    private static object ToJson(AttackOutcome outcome) => new
    {
        name = outcome.Card.Name,
        deed = outcome.Card.Deed,
        code = outcome.Card.Code,
        verdict = outcome.Verdict,
        told = outcome.Told,
        seconds = outcome.Elapsed.TotalSeconds,
    };

    private static string WordOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName($"{value}").Replace('-', ' ');

    private static string TableOf(string[] titles, IEnumerable<string[]> rows)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns(titles);
        foreach (string[] row in rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        var text = new StringWriter(CultureInfo.InvariantCulture);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 200;
        console.Write(table);
        return text.ToString().TrimEnd();
    }
}
