using System.CommandLine;
using Orchestrator.Attestation;
using Orchestrator.Device.Firmware;
using Orchestrator.Shim.BackEnds;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator host</c>, <c>orchestrator device</c> and <c>orchestrator shim</c>: start the programs that are installed beside this one.</summary>
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
            "orchestrator device run --state ./device --listen 127.0.0.1:7444",
            "orchestrator device run --state ./device --listen 127.0.0.1:0 --ready-file device.url"),
        Measure(terminal));

    public static Command CreateShim(Terminal terminal) => CliCommand.Group(
        "shim",
        "For a host's operator: confidential container groups for the prepare stages of jobs.",
        Start(
            terminal,
            "run",
            "Run a shim: it starts groups for a host's jobs, in sandboxes, which needs root, or with --uvm in virtual machines, and can read nothing of what they read. Options go to the shim program; --help after -- shows them.",
            "Orchestrator.Shim",
            "orchestrator shim run --state ./shim --group join/group.yaml --listen 127.0.0.1:7600",
            "orchestrator shim run -- --help"),
        MeasureAgent(terminal));

    private static CliCommand MeasureAgent(Terminal terminal)
    {
        var command = new CliCommand(
            "measure",
            "Print the launch measurement of the guest agent installed here, or of a utility VM's image, as job files and release policies name it. Equal builds have equal measurements.",
            "orchestrator shim measure",
            "orchestrator shim measure --uvm artifacts/uvm");
        Option<string?> uvm = GroupCommands.UvmOption();
        command.Add(uvm);
        command.SetAction(parsed =>
        {
            string measurement = GuestBackEnds.Measure(parsed.GetValue(uvm)).ToString();
            terminal.Result(new { measurement }, measurement);
        });
        return command;
    }

    private static CliCommand Measure(Terminal terminal)
    {
        var command = new CliCommand(
            "measure",
            "Print the measurements of the device firmware installed here, as job files and release policies name them. Equal builds have equal measurements, so a party needs no device to know what to accept.",
            "orchestrator device measure",
            "orchestrator device measure --json");
        command.SetAction(_ =>
        {
            FirmwareMeasurements firmware = FirmwareMeter.Installed.Measure();
            terminal.Result(
                new { ccu = $"{firmware.Ccu}", icu = $"{firmware.Icu}", tiles = $"{firmware.Tiles}", security_version = FirmwareMeter.SecurityVersion },
                $"- ccu: {firmware.Ccu}\n  icu: {firmware.Icu}\n  tiles: {firmware.Tiles}");
        });
        return command;
    }

    private static CliCommand Start(Terminal terminal, string name, string description, string program, params string[] examples)
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
            Replacement.Become(program, given);
        });
        return command;
    }
}
