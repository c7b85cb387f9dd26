using System.Text.Json.Nodes;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Data.Documents;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>The same job without device, seals or host: the trainer in one process, on the plaintext files.</summary>
internal static class PlaintextTraining
{
    /// <summary>Trains what a manifest describes.</summary>
    /// <returns>The model's bytes.</returns>
    public static async Task<byte[]> RunAsync(Manifest manifest, string folder)
    {
        Directory.CreateDirectory(folder);
        string job = Path.Combine(folder, "job.json");
        await File.WriteAllTextAsync(job, Describe(manifest.Content).ToJsonString());
        Ending ending = await Executable.RunAsync(Executable.Tiles, "train", job, folder);
        Assert.True(ending.ExitCode == 0, ending.Error);
        return await File.ReadAllBytesAsync(Path.Combine(folder, "model.safetensors"));
    }

    private static JsonObject Describe(ManifestContent job) => new()
    {
        ["program"] = Consortium.Program,
        ["plan"] = CborJson.ToJson(job.Plan.ToCbor()),
        ["streams"] = new JsonArray([.. job.Streams.Where(stream => stream.Schema is not null).Zip(Consortium.Plaintexts, Describe)]),
    };

    private static JsonNode Describe(ManifestStream stream, string file) => new JsonObject
    {
        ["role"] = stream.Role!.Value.ToString().ToLowerInvariant(),
        ["file"] = file,
        ["frame_size"] = stream.FrameSize,
        ["schema"] = CborJson.ToJson(stream.Schema!.ToCbor()),
    };
}
