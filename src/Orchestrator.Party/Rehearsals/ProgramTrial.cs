using System.Text.Json;

namespace Orchestrator.Sdk;

/// <summary>A parameter or buffer of a program.</summary>
public sealed record ProgramLayer(string Name, long Bytes);

/// <summary>What a program took when it was tried out.</summary>
/// <param name="Layers">Its parameters and buffers, with their exact sizes.</param>
/// <param name="WorkspaceBytes">About what steps at the plan's batch size allocate, as this machine's kernel saw it.</param>
public sealed record ProgramTrial(IReadOnlyList<ProgramLayer> Layers, long WorkspaceBytes)
{
    /// <summary>Bytes of all parameters and buffers.</summary>
    public long ParameterBytes => Layers.Sum(layer => layer.Bytes);

    /// <summary>Reads parameters and buffers out of a program's description (docs/spec/tiles.md).</summary>
    internal static IReadOnlyList<ProgramLayer> LayersOf(string description)
    {
        using JsonDocument document = JsonDocument.Parse(description);
        return [.. new[] { "parameters", "buffers" }.SelectMany(kind => document.RootElement.GetProperty(kind).EnumerateArray()).Select(Describe)];
    }

    private static ProgramLayer Describe(JsonElement tensor) => new(
        tensor.GetProperty("name").GetString()!,
        tensor.GetProperty("shape").EnumerateArray().Aggregate(SizeOf(tensor.GetProperty("type").GetString()!), (bytes, extent) => bytes * extent.GetInt64()));

    // Types are named by their bits, as F32 and BF16 are; BOOL takes a byte.
    private static long SizeOf(string type) => long.TryParse(type.TrimStart("BFIU".ToCharArray()), out long bits) ? bits / 8 : 1;
}
