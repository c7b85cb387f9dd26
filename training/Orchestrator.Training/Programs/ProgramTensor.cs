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
    private static readonly (SafeTensorType InFile, torch.ScalarType InTorch)[] Types =
    [
        (SafeTensorType.F32, torch.ScalarType.Float32),
        (SafeTensorType.F64, torch.ScalarType.Float64),
        (SafeTensorType.F16, torch.ScalarType.Float16),
        (SafeTensorType.BF16, torch.ScalarType.BFloat16),
        (SafeTensorType.I64, torch.ScalarType.Int64),
        (SafeTensorType.I32, torch.ScalarType.Int32),
        (SafeTensorType.I16, torch.ScalarType.Int16),
        (SafeTensorType.I8, torch.ScalarType.Int8),
        (SafeTensorType.U8, torch.ScalarType.Byte),
        (SafeTensorType.Bool, torch.ScalarType.Bool),
    ];

    internal static ProgramTensor Describe(string name, torch.Tensor tensor) =>
        new(name, TypeOf(name, tensor), tensor.shape, tensor.requires_grad);

    /// <summary>The tensor with its values, outside of libtorch.</summary>
    internal static SafeTensor Copy(string name, torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return new SafeTensor(name, TypeOf(name, tensor), tensor.shape, tensor.contiguous().bytes.ToArray());
    }

    /// <summary>A tensor of libtorch with these values, in the current dispose scope.</summary>
    internal static torch.Tensor Make(SafeTensor value)
    {
        var tensor = torch.empty([.. value.Shape], TypeOf(value.Type));
        tensor.bytes = value.Data.ToArray();
        return tensor;
    }

    /// <summary>Replaces a tensor's values, unless type or shape differ. To be called without gradients.</summary>
    internal static bool TryOverwrite(torch.Tensor tensor, SafeTensor value)
    {
        if (tensor.dtype != TypeOf(value.Type) || !tensor.shape.SequenceEqual(value.Shape))
        {
            return false;
        }

        using var scope = torch.NewDisposeScope();
        tensor.copy_(Make(value));
        return true;
    }

    private static SafeTensorType TypeOf(string name, torch.Tensor tensor)
    {
        var place = Array.FindIndex(Types, pair => pair.InTorch == tensor.dtype);
        return place >= 0
            ? Types[place].InFile
            : throw new OrchestratorException(TrainingErrors.ProgramTensorType, $"{name} has elements of type {tensor.dtype}");
    }

    private static torch.ScalarType TypeOf(SafeTensorType type) => Array.Find(Types, pair => pair.InFile == type).InTorch;
}
