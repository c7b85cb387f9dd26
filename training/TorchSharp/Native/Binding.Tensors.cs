using System.Runtime.InteropServices;

namespace TorchSharp.Native;

internal static partial class Binding
{
    [LibraryImport(Library)]
    internal static partial int tb_tensor_empty(ReadOnlySpan<long> sizes, long dimensions, sbyte dtype, int requiresGrad, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial void tb_tensor_free(nint tensor);

    [LibraryImport(Library)]
    internal static partial long tb_tensor_dimensions(TensorHandle tensor);

    [LibraryImport(Library)]
    internal static partial void tb_tensor_sizes(TensorHandle tensor, Span<long> sizes);

    [LibraryImport(Library)]
    internal static partial long tb_tensor_element_count(TensorHandle tensor);

    [LibraryImport(Library)]
    internal static partial long tb_tensor_element_size(TensorHandle tensor);

    [LibraryImport(Library)]
    internal static partial sbyte tb_tensor_dtype(TensorHandle tensor);

    [LibraryImport(Library)]
    internal static partial int tb_tensor_is_contiguous(TensorHandle tensor);

    [LibraryImport(Library)]
    internal static partial int tb_tensor_requires_grad(TensorHandle tensor);

    [LibraryImport(Library)]
    internal static partial int tb_tensor_data(TensorHandle tensor, out nint data);

    [LibraryImport(Library)]
    internal static partial int tb_tensor_contiguous(TensorHandle tensor, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int tb_tensor_clone(TensorHandle tensor, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int tb_tensor_copy(TensorHandle tensor, TensorHandle source, int nonBlocking);

    [LibraryImport(Library)]
    internal static partial int tb_tensor_reshape(TensorHandle tensor, ReadOnlySpan<long> sizes, long dimensions, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int tb_cross_entropy(TensorHandle input, TensorHandle target, TensorHandle weight, long ignoreIndex, long reduction, double labelSmoothing, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int tb_binary_cross_entropy_with_logits(TensorHandle input, TensorHandle target, TensorHandle weight, TensorHandle posWeights, long reduction, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int tb_mse_loss(TensorHandle input, TensorHandle target, long reduction, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int tb_nll_loss(TensorHandle input, TensorHandle target, TensorHandle weight, long reduction, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int tb_tensor_backward(TensorHandle tensor, int retainGraph, int createGraph);

    [LibraryImport(Library)]
    internal static partial int tb_clip_grad_norm(ReadOnlySpan<nint> parameters, long count, double maxNorm, double normType, out double total);
}
