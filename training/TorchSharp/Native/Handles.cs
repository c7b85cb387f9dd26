using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>Owns one reference to a native tensor; while a call uses it, it cannot be freed by another thread.</summary>
internal sealed class TensorHandle : SafeHandle
{
    private static long s_live;
    private static long s_peak;

    public TensorHandle()
        : base(0, ownsHandle: true)
    {
    }

    /// <summary>Stands for an argument that is not given.</summary>
    internal static TensorHandle None { get; } = new();

    internal static long Live => Interlocked.Read(ref s_live);

    internal static long Peak => Interlocked.Read(ref s_peak);

    public override bool IsInvalid => handle == 0;

    /// <summary>Counts a handle that came from native code.</summary>
    internal static void CountOne()
    {
        var live = Interlocked.Increment(ref s_live);
        for (var peak = Peak; live > peak; peak = Peak)
        {
            Interlocked.CompareExchange(ref s_peak, live, peak);
        }
    }

    protected override bool ReleaseHandle()
    {
        Binding.tb_tensor_free(handle);
        Interlocked.Decrement(ref s_live);
        return true;
    }
}

/// <summary>Owns a TorchScript module.</summary>
internal sealed class ModuleHandle : SafeHandle
{
    public ModuleHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Binding.tb_module_free(handle);
        return true;
    }
}

/// <summary>Owns an optimiser and its state.</summary>
internal sealed class OptimizerHandle : SafeHandle
{
    public OptimizerHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Binding.tb_optimizer_free(handle);
        return true;
    }
}
