namespace Orchestrator.Programs.Pickles;

/// <summary>Element types that a storage may have, by the name of PyTorch's storage class.</summary>
/// <param name="Name">As models name it (docs/spec/model.md), where they can hold it.</param>
/// <param name="Size">Bytes an element.</param>
public sealed record TensorElement(string Name, int Size)
{
    internal static readonly TensorElement Bool = new("Bool", 1);

    /// <summary>No quantised types: their tensors carry more than numbers.</summary>
    internal static readonly IReadOnlyDictionary<string, TensorElement> ByStorage = new Dictionary<string, TensorElement>
    {
        ["torch.FloatStorage"] = new("F32", 4),
        ["torch.DoubleStorage"] = new("F64", 8),
        ["torch.HalfStorage"] = new("F16", 2),
        ["torch.BFloat16Storage"] = new("BF16", 2),
        ["torch.LongStorage"] = new("I64", 8),
        ["torch.IntStorage"] = new("I32", 4),
        ["torch.ShortStorage"] = new("I16", 2),
        ["torch.CharStorage"] = new("I8", 1),
        ["torch.ByteStorage"] = new("U8", 1),
        ["torch.BoolStorage"] = Bool,
        ["torch.ComplexFloatStorage"] = new("C64", 8),
        ["torch.ComplexDoubleStorage"] = new("C128", 16),
    };
}
