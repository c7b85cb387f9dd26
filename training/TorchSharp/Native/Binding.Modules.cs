using System.Runtime.InteropServices;

namespace TorchSharp.Native;

internal static partial class Binding
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int tb_module_load(string path, out ModuleHandle result);

    [LibraryImport(Library)]
    internal static partial void tb_module_free(nint module);

    [LibraryImport(Library)]
    internal static partial int tb_module_train(ModuleHandle module, int on);

    [LibraryImport(Library)]
    internal static partial int tb_module_is_training(ModuleHandle module, out int result);

    [LibraryImport(Library)]
    internal static partial int tb_module_forward(ModuleHandle module, TensorHandle input, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int tb_module_parameter_count(ModuleHandle module, out long result);

    [LibraryImport(Library)]
    internal static partial int tb_module_parameter(ModuleHandle module, long index, out nint name, out TensorHandle tensor);

    [LibraryImport(Library)]
    internal static partial int tb_module_buffer_count(ModuleHandle module, out long result);

    [LibraryImport(Library)]
    internal static partial int tb_module_buffer(ModuleHandle module, long index, out nint name, out TensorHandle tensor);

    [LibraryImport(Library)]
    internal static partial int tb_sgd(ReadOnlySpan<nint> parameters, long count, double lr, double momentum, double dampening, double weightDecay, int nesterov, out OptimizerHandle result);

    [LibraryImport(Library)]
    internal static partial int tb_adam(ReadOnlySpan<nint> parameters, long count, double lr, double beta1, double beta2, double eps, double weightDecay, int amsgrad, out OptimizerHandle result);

    [LibraryImport(Library)]
    internal static partial int tb_adamw(ReadOnlySpan<nint> parameters, long count, double lr, double beta1, double beta2, double eps, double weightDecay, int amsgrad, out OptimizerHandle result);

    [LibraryImport(Library)]
    internal static partial int tb_rmsprop(ReadOnlySpan<nint> parameters, long count, double lr, double alpha, double eps, double weightDecay, double momentum, int centered, out OptimizerHandle result);

    [LibraryImport(Library)]
    internal static partial void tb_optimizer_free(nint optimizer);

    [LibraryImport(Library)]
    internal static partial int tb_optimizer_step(OptimizerHandle optimizer);

    [LibraryImport(Library)]
    internal static partial int tb_optimizer_zero_grad(OptimizerHandle optimizer);

    [LibraryImport(Library)]
    internal static partial int tb_optimizer_get_lr(OptimizerHandle optimizer, out double lr);

    [LibraryImport(Library)]
    internal static partial int tb_optimizer_set_lr(OptimizerHandle optimizer, double lr);

    [LibraryImport(Library)]
    internal static partial int tb_optimizer_get_state(OptimizerHandle optimizer, long index, out long step, out TensorHandle first, out TensorHandle second, out TensorHandle third);

    [LibraryImport(Library)]
    internal static partial int tb_optimizer_set_state(OptimizerHandle optimizer, long index, long step, TensorHandle first, TensorHandle second, TensorHandle third);
}
