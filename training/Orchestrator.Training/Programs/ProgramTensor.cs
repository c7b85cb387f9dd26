using Orchestrator.Errors;
using TorchSharp;

namespace Orchestrator.Training.Programs;

/// <summary>A parameter or buffer of a program.</summary>
/// <param name="Name">Its name in the module, such as <c>fc1.weight</c>.</param>
/// <param name="Type">Element type under safetensors' name, such as <c>F32</c>.</param>
/// <param name="Shape">Lengths of its dimensions.</param>
/// <param name="Trained">Whether training changes it: a parameter that requires a gradient.</param>
public sealed record ProgramTensor(string Name, string Type, IReadOnlyList<long> Shape, bool Trained)
{
    internal static ProgramTensor Describe(string name, torch.Tensor tensor) =>
        new(name, TypeName(name, tensor.dtype), tensor.shape, tensor.requires_grad);

    private static string TypeName(string name, torch.ScalarType type) => type switch
    {
        torch.ScalarType.Float32 => "F32",
        torch.ScalarType.Float64 => "F64",
        torch.ScalarType.Float16 => "F16",
        torch.ScalarType.BFloat16 => "BF16",
        torch.ScalarType.Int64 => "I64",
        torch.ScalarType.Int32 => "I32",
        torch.ScalarType.Int16 => "I16",
        torch.ScalarType.Int8 => "I8",
        torch.ScalarType.Byte => "U8",
        torch.ScalarType.Bool => "BOOL",
        _ => throw new OrchestratorException(TrainingErrors.ProgramTensorType, $"{name} has elements of type {type}"),
    };
}
