using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class TensorTests(Reference reference)
{
    [Fact]
    public void Scope_Disposed_FreesWhatWasMadeInItButNotWhatLeftIt()
    {
        var before = torch.Tensor.TotalCount;
        Tensor kept, moved, inner;
        using (NewDisposeScope())
        {
            using (NewDisposeScope())
            {
                inner = empty(new long[] { 2 });
                kept = empty(new long[] { 2 }).DetachFromDisposeScope();
                moved = empty(new long[] { 2 }).MoveToOuterDisposeScope();
            }

            Assert.True(inner.IsInvalid);
            Assert.False(moved.IsInvalid);
        }

        Assert.True(moved.IsInvalid);
        Assert.False(kept.IsInvalid);
        kept.Dispose();
        Assert.Equal(before, torch.Tensor.TotalCount);
        Assert.True(torch.Tensor.PeakCount >= before + 3);
    }

    [Fact]
    public void Scope_TensorDisposedByHand_IsForgotten()
    {
        using var scope = NewDisposeScope();
        empty(new long[] { 1 }).Dispose();
        Assert.Equal(0, scope.DisposablesCount);
    }

    [Fact]
    public void Module_LoadedInAScope_OutlivesIt()
    {
        jit.ScriptModule<Tensor, Tensor> module;
        using (NewDisposeScope())
        {
            module = reference.Load("mlp-sgd");
        }

        Assert.All(module.parameters(), parameter => Assert.False(parameter.IsInvalid));
        module.Dispose();
    }

    [Fact]
    public void Module_DisposedTwice_IsFreedOnce()
    {
        var before = torch.Tensor.TotalCount;
        var module = reference.Load("convolutional");
        module.Dispose();
        module.Dispose();
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void Mode_Switched_IsSeenByTheProgram()
    {
        using var module = reference.Load("convolutional");
        module.eval();
        Assert.False(module.training);
        module.train();
        Assert.True(module.training);
    }

    [Fact]
    public void NoGrad_Open_KeepsNoGraph()
    {
        using var scope = NewDisposeScope();
        using var module = reference.Load("mlp-mse");
        var x = reference.Tensor("mlp-mse.x", reference.Cases["mlp-mse"].X);
        using (no_grad())
        {
            Assert.False(module.call(x).requires_grad);
        }

        Assert.True(module.call(x).requires_grad);
    }

    [Fact]
    public void Copy_OverClone_RestoresTheValues()
    {
        using var scope = NewDisposeScope();
        var tensor = Floats(1, 2, 3);
        var saved = tensor.clone();
        Floats(7, 8, 9).bytes.CopyTo(tensor.bytes);
        tensor.copy_(saved);
        Assert.Equal([1, 2, 3], MemoryMarshal.Cast<byte, float>(tensor.bytes).ToArray());
    }

    [Fact]
    public void Threads_Set_AreReported()
    {
        set_num_threads(2);
        Assert.Equal(2, get_num_threads());
        set_num_threads(1);
        Assert.Equal(1, get_num_threads());
    }

    internal static Tensor Floats(params float[] values)
    {
        var tensor = empty(new long[] { values.Length });
        MemoryMarshal.AsBytes<float>(values).CopyTo(tensor.bytes);
        return tensor;
    }
}
