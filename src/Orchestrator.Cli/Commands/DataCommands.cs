using System.CommandLine;
using System.Globalization;
using Orchestrator.Contracts;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator data</c>.</summary>
internal static class DataCommands
{
    public static Command Create(Terminal terminal) => CliCommand.Group(
        "data", "Seal data on your own machine, check it, upload it.", Seal(terminal), Verify(terminal), Push(terminal));

    /// <summary>What a sealed file is, for people and machines. The last line is its card, to give to the launcher.</summary>
    public static void Print(Terminal terminal, StreamCard card, string path)
    {
        StreamLayout layout = card.Layout;
        terminal.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"{path}: {layout.Header.Kind.ToString().ToLowerInvariant()} of {layout.Header.Owner}, {Wording.Count(layout.RecordCount, "record")} of {Wording.Count(layout.Header.RecordSize, "byte")} in {Wording.Count(layout.FrameCount, "frame")}"));
        terminal.Note($"digest {card.Digest}; give the line below to the launcher");
        terminal.Result(
            new
            {
                path,
                digest = card.Digest.ToString(),
                kind = layout.Header.Kind,
                owner = layout.Header.Owner,
                records = layout.RecordCount,
                record_size = layout.Header.RecordSize,
                frames = layout.FrameCount,
                frame_size = layout.Header.FrameSize,
                bytes = layout.TotalLength,
                card = card.ToString(),
            },
            card.ToString());
    }

    private static CliCommand Seal(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        var file = new Argument<string>("FILE") { Description = "Data: .csv (with a header), .npy, .npz or .txt; with --raw any file." };
        var schema = new Option<string?>("--schema") { Description = "What a record is: a YAML file (docs/spec/job-file.md).", HelpName = "FILE" };
        var raw = new Option<bool>("--raw") { Description = "Seal the file as it is, for a prepare stage of a job." };
        var frameSize = new Option<int>("--frame-size")
        {
            Description = "Plaintext bytes of a frame, rounded down to whole records: the unit that a device reads at once.",
            HelpName = "BYTES",
            DefaultValueFactory = _ => StreamLimits.DefaultFrameSize,
        };
        Option<string> output = OutputOption("The sealed file.");
        var command = new CliCommand(
            "seal",
            "Encrypt a data file under a fresh key, which stays in the key store. Prints the sealed file's card, which the launcher needs.",
            "orchestrator data seal clinic-a.csv --schema schema.yaml -o clinic-a.itx",
            "orchestrator data seal images.npz --schema schema.yaml -o images.itx --json",
            "orchestrator data seal patients.csv --raw -o patients.itx")
        {
            file, schema, raw, output, frameSize,
        };
        options.AddKeysTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            int bytes = parsed.GetValue(frameSize);
            if (bytes is < StreamLimits.MinFrameSize or > StreamLimits.MaxFrameSize)
            {
                throw new OrchestratorException(CliErrors.Usage, $"--frame-size takes {StreamLimits.MinFrameSize} to {StreamLimits.MaxFrameSize} bytes, not {bytes}.");
            }

            if (parsed.GetValue(raw) == parsed.GetValue(schema) is not null)
            {
                throw new OrchestratorException(CliErrors.Usage, "Give --schema for records, or --raw for a file as it is.");
            }

            DataSchema? records = parsed.GetValue(schema) is { } path ? SchemaFile.Read(path) : null;
            using Party party = await options.OpenAsync(parsed);
            string source = parsed.GetRequiredValue(file);
            string target = parsed.GetRequiredValue(output);
            StreamCard card = await ProgressDisplay.RunAsync(terminal, progress => records is null
                ? party.SealFileAsync(source, target, progress, bytes, cancel)
                : party.SealAsync(source, records, target, progress, bytes, cancel));
            Print(terminal, card, target);
        });
        return command;
    }

    private static CliCommand Verify(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        var file = new Argument<string>("FILE") { Description = "A file that this party sealed." };
        var command = new CliCommand(
            "verify",
            "Open a sealed file from end to end and check that no byte of it is other than when it was sealed. Prints its card.",
            "orchestrator data verify clinic-a.itx")
        {
            file,
        };
        options.AddKeysTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using Party party = await options.OpenAsync(parsed);
            string path = parsed.GetRequiredValue(file);
            StreamCard card = await ProgressDisplay.RunAsync(terminal, progress => party.VerifyAsync(path, progress, cancel));
            Print(terminal, card, path);
        });
        return command;
    }

    private static CliCommand Push(Terminal terminal)
    {
        var options = new PartyOptions(terminal);
        var file = new Argument<string>("FILE") { Description = "A sealed file." };
        var command = new CliCommand(
            "push",
            "Upload a sealed file to the host. An upload that was broken off goes on where it stopped. Prints the file's digest.",
            "orchestrator data push clinic-a.itx --host https://127.0.0.1:7443",
            "orchestrator data push clinic-a.itx --host https://host.example:7443 --fingerprint 5f3c...")
        {
            file,
        };
        options.AddHostTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            string path = parsed.GetRequiredValue(file);
            using Party party = await options.OpenAsync(parsed);
            await using HostConnection host = await options.ConnectAsync(parsed, party, cancel);
            Crypto.Digest digest = await ProgressDisplay.RunAsync(terminal, progress => host.PushAsync(path, progress, cancel));
            terminal.Result(new { digest = digest.ToString(), host = host.Address }, digest.ToString());
        });
        return command;
    }

    /// <summary>The option <c>-o FILE</c>.</summary>
    public static Option<string> OutputOption(string description) =>
        new("--output", "-o") { Description = description, HelpName = "PATH", Required = true };
}
