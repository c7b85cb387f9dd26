using System.Globalization;
using Orchestrator.Programs;

namespace Orchestrator.Sdk;

/// <summary>A parameter or buffer of a program.</summary>
public sealed record ProgramLayer(string Name, long Bytes)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} with {Bytes} bytes");
}

/// <summary>What a program took when it was tried out.</summary>
/// <param name="Layers">Its parameters and buffers, with their exact sizes.</param>
/// <param name="WorkspaceBytes">About what steps at the plan's batch size allocate, as this machine's kernel saw it.</param>
public sealed record ProgramTrial(IReadOnlyList<ProgramLayer> Layers, long WorkspaceBytes)
{
    /// <summary>Bytes of all parameters and buffers.</summary>
    public long ParameterBytes => Layers.Sum(layer => layer.Bytes);

    /// <summary>Parameters and buffers of a program.</summary>
    internal static IReadOnlyList<ProgramLayer> LayersOf(VerifiedProgram program) => [.. program.Parameters.Concat(program.Buffers).Select(Describe)];

    private static ProgramLayer Describe(ProgramTensor tensor) =>
        new(tensor.Name, tensor.Shape.Aggregate(SizeOf(tensor.Type), (bytes, extent) => bytes * extent));

    // Types are named by their bits, as F32 and BF16 are; BOOL takes a byte.
    private static long SizeOf(string type) => long.TryParse(type.TrimStart("BCFIU".ToCharArray()), out long bits) ? bits / 8 : 1;
}
