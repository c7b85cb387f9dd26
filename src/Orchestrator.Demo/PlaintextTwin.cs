using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Data.Documents;
using Orchestrator.Sdk;

namespace Orchestrator.Demo;

/// <summary>Trains the same job on the plaintext, with the same trainer but without device and host, to compare.</summary>
/// <param name="prepared">What the job's stage makes, in plaintext; null: it has none.</param>
internal sealed class PlaintextTwin(Command command, string datasets, string programs, string folder, string? prepared = null)
{
    private const string Tiles = "Orchestrator.Tiles";

    /// <summary>Whether training on the plaintext gives the very bytes of <paramref name="model"/>.</summary>
    public async Task<bool> EqualsAsync(JobFile job, string model, CancellationToken cancel)
    {
        string twin = Directory.CreateDirectory(Path.Combine(folder, "plaintext-twin")).FullName;
        await command.RunBesideAsync(Tiles, cancel, "train", await WriteJobAsync(job, cancel), twin);
        byte[] fromPlaintext = await File.ReadAllBytesAsync(Path.Combine(twin, "model.safetensors"), cancel);
        byte[] fromDevice = await File.ReadAllBytesAsync(model, cancel);
        return fromPlaintext.AsSpan().SequenceEqual(fromDevice);
    }

    /// <summary>Share of the held-out records that <paramref name="model"/> classifies as their label says.</summary>
    public async Task<double> AccuracyAsync(JobFile job, string model, CancellationToken cancel)
    {
        string metrics = await command.RunBesideAsync(Tiles, cancel, "evaluate", await WriteJobAsync(job, cancel), model);
        using JsonDocument read = JsonDocument.Parse(metrics);
        return read.RootElement.GetProperty("accuracy").GetDouble();
    }

    private async Task<string> WriteJobAsync(JobFile job, CancellationToken cancel)
    {
        string path = Path.Combine(folder, "plaintext-twin.json");
        var description = new JsonObject
        {
            ["program"] = Path.Combine(programs, "wdbc_mlp.pt"),
            ["plan"] = CborJson.ToJson(job.Plan.ToCbor()),
            ["streams"] = new JsonArray([.. job.Data.Select(Describe), .. job.Stages.SelectMany(stage => stage.Outputs).Where(_ => prepared is not null).Select(output => Describe(output, prepared!))]),
        };
        await File.WriteAllTextAsync(path, description.ToJsonString(), cancel);
        return path;
    }

    private JsonObject Describe(StreamSource source)
    {
        var header = StreamCard.Read(source.Path).Layout.Header;
        return new JsonObject
        {
            ["role"] = source.Role.ToString()!.ToLowerInvariant(),
            ["file"] = Path.Combine(datasets, Path.ChangeExtension(Path.GetFileName(source.Path), ".csv")),
            ["schema"] = CborJson.ToJson(Crypto.Cbor.CborValue.Decode(header.Schema)),
            ["frame_size"] = header.FrameSize,
        };
    }

    private static JsonObject Describe(StageResult output, string file) => new()
    {
        ["role"] = output.Role.ToString().ToLowerInvariant(),
        ["file"] = file,
        ["schema"] = CborJson.ToJson(output.Schema.ToCbor()),
        ["frame_size"] = Crypto.Streams.StreamHeader.FrameSizeFor(output.Schema.RecordSize, output.FrameSize),
    };
}
