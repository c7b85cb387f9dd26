using System.CommandLine;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator host</c> and <c>orchestrator device</c>: start the programs that are installed beside this one.</summary>
internal static class ServiceCommands
{
    public static Command CreateHost(Terminal terminal) => CliCommand.Group(
        "host",
        "For a host's operator.",
        Start(
            terminal,
            "run",
            "Run a host: it keeps sealed files, schedules jobs and relays messages, and can read none of them. Options go to the host program; --help after -- shows them.",
            "Orchestrator.Host",
            [],
            "orchestrator host run --state ./host --listen 127.0.0.1:7443 --device http://127.0.0.1:7444",
            "orchestrator host run -- --help"));

    public static Command CreateDevice(Terminal terminal) => CliCommand.Group(
        "device",
        "For a device's operator. The device is a simulation, and its certificates say so.",
        Start(
            terminal,
            "run",
            "Run a simulated device. Options go to the device program; --help after -- shows them.",
            "Orchestrator.Device",
            [],
            "orchestrator device run --state ./device --listen 127.0.0.1:7444",
            "orchestrator device run --state ./device --listen 127.0.0.1:0 --ready-file device.url"),
        Start(
            terminal,
            "measure",
            "Print the measurements of the firmware installed here, as job files and release policies name them.",
            "Orchestrator.Device",
            ["measure"],
            "orchestrator device measure",
            "orchestrator device measure --json"));

    private static CliCommand Start(Terminal terminal, string name, string description, string program, string[] leading, params string[] examples)
    {
        var arguments = new Argument<string[]>("OPTIONS") { Description = $"Options of {program}.", Arity = ArgumentArity.ZeroOrMore };
        var command = new CliCommand(name, description, examples)
        {
            arguments,
        };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(parsed =>
        {
            string[] given = [.. parsed.GetValue(arguments) ?? [], .. parsed.UnmatchedTokens];
            string[] json = terminal.Json ? ["--json"] : [];
            Replacement.Become(program, [.. leading, .. given, .. json]);
        });
        return command;
    }
}
