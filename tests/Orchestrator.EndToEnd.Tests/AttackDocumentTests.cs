using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Attack;
using Orchestrator.Attack.Guests;

namespace Orchestrator.EndToEnd.Tests;

/// <summary>docs/attacks.md is the catalogue of attacks. ORCHESTRATOR_WRITE_DOCS=1 writes it anew.</summary>
public sealed class AttackDocumentTests
{
    private const string Introduction = """
        # Attacks

        What a hostile host is seen to try, and what stops it. `orchestrator attack --run all` mounts every one of them against a live
        job, on a throw-away host, device and parties of its own; `make demo ATTACK=1` does so and prints the table. The tests run it too:
        an attack that succeeds fails the build.

        An attack counts as stopped when all of this holds:

        1. it happened: the altered message, command or file was really given to the one it was meant for;
        2. the failure that device, agents, party or receiver report has exactly the code of the table;
        3. nothing was delivered: no output, no receipt, no file with the receiver;
        4. the device holds no session any more, and no key package;
        5. no key of a party, raw or as text, and no record of their data is in anything that passed the host's hands, in its state
           folder or in its log. The data are random numbers made for the occasion, so that finding them anywhere means something.

        After the last one an honest job runs on the same device to its result.

        The attacker owns the host's machine: it reads and changes every message between host and device, gives the device commands of
        its own, edits the storage of host and device, restarts them, and rents out devices with a fault (`docs/spec/device.md`). In some attacks a
        party is its accomplice and lends its keys. It has no key of the simulated vendor: what it signs, it signs with keys of its own.
        To delay or stop a job is no attack: a host can always do that.

        Attacks on container groups are mounted on a group of its own each, in a real sandbox under a real guest agent, which needs root. They count
        as stopped when the deed was done to the group or shown to the party, the code is that of the table, the policy's denial says
        what the table says behind it, and the group's state is what it was before. `orchestrator attack --run groups --uvm DIR` mounts the same ones
        on groups in virtual machines; a group that an attack has left exactly as it was there serves the next one that begins at the same point.


        """;

    [Fact]
    public void Document_ListsEveryAttack()
    {
        string path = Repository.PathOf("docs", "attacks.md");
        string expected = Write();
        if (Environment.GetEnvironmentVariable("ORCHESTRATOR_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, expected);
        }

        Assert.Equal(expected, File.ReadAllText(path));
    }

    [Fact]
    public void Catalogue_CoversEveryPropertyAndEveryWatcher()
    {
        Assert.True(AttackCatalogue.Cards.Count >= 50, $"only {AttackCatalogue.Cards.Count} attacks");
        Assert.Equal(AttackCatalogue.Cards.Count, AttackCatalogue.Cards.Select(card => card.Name).Distinct().Count());
        Assert.All(Enum.GetValues<SecurityProperty>(), property => Assert.Contains(AttackCatalogue.Cards, card => card.Tests == property));
        Assert.All(Enum.GetValues<Watcher>(), watcher => Assert.Contains(AttackCatalogue.Cards, card => card.NoticedBy == watcher));
    }

    [Fact]
    public void Catalogue_NamesCodesThatExist()
    {
        string codes = File.ReadAllText(Repository.PathOf("docs", "errors.md"));

        Assert.All(AttackCatalogue.Cards, card => Assert.Contains($"| `{card.Code}` |", codes, StringComparison.Ordinal));
    }

    private static string Write()
    {
        var text = new StringBuilder(Introduction.ReplaceLineEndings("\n"));
        text.Append("| name | the host ... | property | noticed by | code |\n| --- | --- | --- | --- | --- |\n");
        foreach (AttackCard card in AttackCatalogue.Cards)
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{card.Name}` | {card.Deed} | {WordOf(card.Tests)} | {WordOf(card.NoticedBy)} | {CodeOf(card)} |\n");
        }

        text.Append("\nIn a virtual machine these end otherwise, because layers are checked there as they are read:\n\n| name | code |\n| --- | --- |\n");
        foreach (AttackCard card in GuestRange.All.Select(attack => attack.MachineCard).OfType<AttackCard>())
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{card.Name}` | {CodeOf(card)} |\n");
        }

        return text.ToString();
    }

    private static string CodeOf(AttackCard card) => $"`{card.Code}`{(card.Denial.Length > 0 ? $" {card.Denial}" : "")}";

    private static string WordOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName($"{value}");
}
