using TorchSharp;

namespace Orchestrator.Training.Programs;

/// <summary>A tensor of a trained model, outside of libtorch.</summary>
/// <param name="Description">Name, type and shape.</param>
/// <param name="Data">Elements, row-major, little endian.</param>
public sealed record StateTensor(ProgramTensor Description, ReadOnlyMemory<byte> Data)
{
    internal static StateTensor Copy(string name, torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return new StateTensor(ProgramTensor.Describe(name, tensor), tensor.contiguous().bytes.ToArray());
    }
}
