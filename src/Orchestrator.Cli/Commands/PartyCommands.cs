using System.CommandLine;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator party</c>.</summary>
internal static class PartyCommands
{
    public static Command Create(Terminal terminal) => CliCommand.Group("party", "Who you are.", Init(terminal));

    private static CliCommand Init(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        var name = new Argument<string>("NAME") { Description = "The party's name: 1 to 64 of a-z, 0-9, hyphen, underscore, dot." };
        var command = new CliCommand(
            "init",
            "Make a party's keys and print its public identity, one line to give to the others. The line is kept in the file `identity` of the home folder.",
            "orchestrator party init clinic-a",
            "orchestrator party init clinic-a --home ./clinic-a --passphrase-file passphrase.txt",
            "orchestrator party init lab --key-file /media/stick/lab.key")
        {
            name,
        };
        options.AddKeysTo(command);
        command.SetAction(async (parsed, _) =>
        {
            using Party party = await options.CreateAsync(parsed, parsed.GetRequiredValue(name));
            terminal.Note($"keys of {party.Name} made in {party.Home}; back the folder up, nothing can make them again");
            terminal.Result(new { name = party.Name, identity = party.Identity.ToString(), home = party.Home }, party.Identity.ToString());
        });
        return command;
    }
}
