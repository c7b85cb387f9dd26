using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class FailureTests(Reference reference)
{
    [Fact]
    public void Load_NoSuchFile_IsFileNotFound() =>
        Assert.Throws<FileNotFoundException>(() => jit.load<Tensor, Tensor>(reference.InFolder("absent.pt")));

    [Fact]
    public void Load_NotAnArchive_SaysSoWithoutABacktrace()
    {
        File.WriteAllText(reference.InFolder("text.pt"), "not an archive");
        var error = Assert.Throws<ExternalException>(() => reference.Load("text"));
        Assert.DoesNotContain("frame #", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ArchiveCutShort_IsAnError()
    {
        var archive = reference.Bytes("mlp-sgd.pt");
        File.WriteAllBytes(reference.InFolder("short.pt"), archive[..(archive.Length / 2)]);
        Assert.Throws<ExternalException>(() => reference.Load("short"));
    }

    [Fact]
    public void Call_WrongInputShape_IsAnErrorAndTheProgramGoesOn()
    {
        using var scope = NewDisposeScope();
        using var module = reference.Load("mlp-sgd");
        Assert.Throws<ExternalException>(() => module.call(empty(new long[] { 4, 3 })));
        Assert.Equal([4, 3], module.call(empty(new long[] { 4, 7 })).shape);
    }

    [Fact]
    public void Call_ProgramReturnsAPair_IsAnError()
    {
        using var scope = NewDisposeScope();
        using var module = reference.Load("pair");
        Assert.ThrowsAny<SystemException>(() => module.call(empty(new long[] { 1 })));
    }

    [Fact]
    public void Bytes_NotContiguous_IsAnErrorUntilMadeContiguous()
    {
        using var scope = NewDisposeScope();
        using var module = reference.Load("transposed");
        var transposed = module.call(TensorTests.Floats(1, 2, 3, 4, 5, 6).reshape(2, 3));
        Assert.Throws<NotImplementedException>(() => transposed.bytes.Length);
        Assert.Equal([1, 4, 2, 5, 3, 6], MemoryMarshal.Cast<byte, float>(transposed.contiguous().bytes).ToArray());
    }

    [Fact]
    public void Backward_WithoutAGraph_IsAnError()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ExternalException>(() => TensorTests.Floats(1).backward());
    }

    [Fact]
    public void Loss_TargetOutOfRange_IsAnError()
    {
        using var scope = NewDisposeScope();
        var target = empty(new long[] { 1 }, ScalarType.Int64);
        BitConverter.TryWriteBytes(target.bytes, 5L);
        Assert.ThrowsAny<SystemException>(() => nn.functional.cross_entropy(TensorTests.Floats(1, 2).reshape(1, 2), target));
    }

    [Fact]
    public void Tensor_Disposed_CannotBeUsed()
    {
        var tensor = empty(new long[] { 1 });
        tensor.Dispose();
        Assert.True(tensor.IsInvalid);
        Assert.Throws<InvalidOperationException>(() => tensor.shape);
        Assert.Throws<InvalidOperationException>(() => tensor.Handle);
    }

    [Fact]
    public void Item_OtherTypeOrManyElements_IsAnError()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => empty(new long[] { 2 }).item<float>());
        Assert.Throws<ArgumentException>(() => empty(new long[] { 1 }).item<double>());
    }

    [Fact]
    public void Empty_NegativeLength_IsAnError() => Assert.Throws<ExternalException>(() => empty(new long[] { -1 }));
}
