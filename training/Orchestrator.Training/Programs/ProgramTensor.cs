using Orchestrator.Data.SafeTensors;
using Orchestrator.Errors;
using TorchSharp;

namespace Orchestrator.Training.Programs;

/// <summary>A parameter or buffer of a program.</summary>
/// <param name="Name">Its name in the module, such as <c>fc1.weight</c>.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Lengths of its dimensions.</param>
/// <param name="Trained">Whether training changes it: a parameter that requires a gradient.</param>
public sealed record ProgramTensor(string Name, SafeTensorType Type, IReadOnlyList<long> Shape, bool Trained)
{
    internal static ProgramTensor Describe(string name, torch.Tensor tensor) =>
        new(name, TypeOf(name, tensor), tensor.shape, tensor.requires_grad);

    /// <summary>The tensor with its values, outside of libtorch.</summary>
    internal static SafeTensor Copy(string name, torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return new SafeTensor(name, TypeOf(name, tensor), tensor.shape, tensor.contiguous().bytes.ToArray());
    }

    private static SafeTensorType TypeOf(string name, torch.Tensor tensor) => tensor.dtype switch
    {
        torch.ScalarType.Float32 => SafeTensorType.F32,
        torch.ScalarType.Float64 => SafeTensorType.F64,
        torch.ScalarType.Float16 => SafeTensorType.F16,
        torch.ScalarType.BFloat16 => SafeTensorType.BF16,
        torch.ScalarType.Int64 => SafeTensorType.I64,
        torch.ScalarType.Int32 => SafeTensorType.I32,
        torch.ScalarType.Int16 => SafeTensorType.I16,
        torch.ScalarType.Int8 => SafeTensorType.I8,
        torch.ScalarType.Byte => SafeTensorType.U8,
        torch.ScalarType.Bool => SafeTensorType.Bool,
        var type => throw new OrchestratorException(TrainingErrors.ProgramTensorType, $"{name} has elements of type {type}"),
    };
}
