using System.Text.Json;
using Orchestrator.Attestation;

namespace Orchestrator.Demo;

/// <summary>Steps that every demonstration has.</summary>
/// <param name="datasets">Folder of the data sets.</param>
internal sealed class Steps(Command command, Story story, string datasets)
{
    private const string SmallFrames = "8192";

    /// <summary>Seals a data set for training, and pushes it.</summary>
    public async Task SealDataAsync(Actor actor, string file, string schema, Uri host, CancellationToken cancel)
    {
        string sealedFile = actor.PathOf(Path.ChangeExtension(file, ".itx"));
        await actor.TypeAsync(["data", "seal", Path.Combine(datasets, file), "--schema", schema, "--frame-size", SmallFrames, "-o", sealedFile], actor.OptionsOfKeys, cancel);
        await actor.TypeAsync(["data", "push", sealedFile], actor.OptionsOfHost(host), cancel);
    }

    /// <summary>Seals a program, and pushes it.</summary>
    public static async Task SealProgramAsync(Actor actor, string program, Uri host, CancellationToken cancel)
    {
        await actor.TypeAsync(["program", "seal", program, "-o", actor.PathOf("program.itx")], actor.OptionsOfKeys, cancel);
        await actor.TypeAsync(["data", "push", actor.PathOf("program.itx")], actor.OptionsOfHost(host), cancel);
    }

    /// <summary>What the device's firmware measures.</summary>
    public async Task<FirmwareMeasurements> MeasureAsync(CancellationToken cancel)
    {
        using JsonDocument measured = JsonDocument.Parse(await command.RunAsync(["device", "measure", "--json"], line: null, cancel));
        Measurement Read(string name) => Measurement.Parse(measured.RootElement.GetProperty(name).GetString()!);
        return new FirmwareMeasurements(Read("ccu"), Read("icu"), Read("tiles"));
    }

    /// <summary>Checks a receipt offline.</summary>
    public async Task<bool> VerifyReceiptAsync(Actor actor, string results, CancellationToken cancel)
    {
        story.Typed(actor.Name, "receipt verify receipt.cose --policy policy.yaml");
        CommandResult result = await command.TryRunAsync(
            ["receipt", "verify", Path.Combine(results, "receipt.cose"), "--policy", actor.PathOf("policy.yaml")], story.Line, cancel);
        return result.ExitCode == 0;
    }
}
