using System.CommandLine;
using System.Text.Json;
using Orchestrator.Programs;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator program</c>.</summary>
internal static class ProgramCommands
{
    public static Command Create(Terminal terminal) => CliCommand.Group(
        "program", "Look at a program, and seal it.", Inspect(terminal), Seal(terminal));

    private static CliCommand Inspect(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "A TorchScript archive, as torch.jit.script(model).save() writes it." };
        var command = new CliCommand(
            "inspect",
            "Verify a program, and print its code, operators and parameters. Nothing of it is run.",
            "orchestrator program inspect wdbc_mlp.pt",
            "orchestrator program inspect wdbc_mlp.pt --json")
        {
            file,
        };
        command.SetAction(parsed => Task.Run(() =>
        {
            JsonElement description = Describe(ProgramFile.Read(parsed.GetRequiredValue(file)).Program);
            terminal.Result(description, ProgramDescription.ToText(description));
        }));
        return command;
    }

    private static JsonElement Describe(VerifiedProgram program) => JsonSerializer.SerializeToElement(new
    {
        verdict = "admitted",
        bytes = program.Bytes,
        operators = program.Operators,
        parameters = program.Parameters.Select(tensor => new { name = tensor.Name, type = tensor.Type, shape = tensor.Shape, trained = tensor.Trained }),
        buffers = program.Buffers.Select(tensor => new { name = tensor.Name, type = tensor.Type, shape = tensor.Shape }),
        code = program.Code,
    });

    private static CliCommand Seal(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        var file = new Argument<string>("FILE") { Description = "A TorchScript archive." };
        Option<string> output = DataCommands.OutputOption("The sealed file.");
        var command = new CliCommand(
            "seal",
            "Verify a program, and encrypt it under a fresh key, which stays in the key store. Prints the sealed file's card, which the launcher needs.",
            "orchestrator program seal wdbc_mlp.pt -o wdbc_mlp.itx")
        {
            file, output,
        };
        options.AddKeysTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using Party party = await options.OpenAsync(parsed);
            string target = parsed.GetRequiredValue(output);
            StreamCard card = await ProgressDisplay.RunAsync(
                terminal, progress => party.SealProgramAsync(parsed.GetRequiredValue(file), target, progress, cancel));
            DataCommands.Print(terminal, card, target);
        });
        return command;
    }
}
