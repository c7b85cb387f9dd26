using Orchestrator.Data.Schemas;
using TorchSharp;

namespace Orchestrator.Training.Run;

/// <summary>Which tensor type a record's element type becomes.</summary>
internal static class TensorTypes
{
    public static torch.ScalarType Of(ElementType type) => type switch
    {
        ElementType.F32 => torch.ScalarType.Float32,
        ElementType.I64 => torch.ScalarType.Int64,
        ElementType.U8 => torch.ScalarType.Byte,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
