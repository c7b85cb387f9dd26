using Orchestrator.Attack;
using Orchestrator.Attack.Ranges;
using Spectre.Console;

namespace Orchestrator.Demo;

/// <summary>How the demonstrations show what became of attacks.</summary>
internal static class AttackTable
{
    /// <summary>One attack as soon as it is over.</summary>
    public static string LineOf(AttackOutcome outcome) =>
        $"{(outcome.Verdict == Verdict.Stopped ? "stopped" : "NOT STOPPED")}  {outcome.Card.Name}: the host {outcome.Card.Deed}";

    /// <summary>All of them.</summary>
    public static Table Of(IReadOnlyList<AttackOutcome> outcomes)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns("attack", "the host ...", "stopped", "what is said");
        foreach ((AttackCard card, Verdict verdict, string told, _) in outcomes)
        {
            table.AddRow(Markup.Escape(card.Name), Markup.Escape(card.Deed), verdict == Verdict.Stopped ? "[green]yes[/]" : "[red]NO[/]", Markup.Escape($"{card.Code}: {told}"));
        }

        return table;
    }
}
