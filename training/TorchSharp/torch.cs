using TorchSharp.Native;

namespace TorchSharp;

/// <summary>
/// Source-compatible stand-in for TorchSharp's <c>torch</c>: upstream's names, signatures and behaviour for what this
/// project calls. Every member may throw <see cref="System.Runtime.InteropServices.ExternalException"/> with libtorch's message.
/// </summary>
public static partial class torch
{
    /// <summary>Element types, with libtorch's numbers.</summary>
    public enum ScalarType : sbyte
    {
        /// <summary>Unsigned, 8 bits.</summary>
        Byte = 0,

        /// <summary>Signed, 8 bits.</summary>
        Int8 = 1,

        /// <summary>Signed, 16 bits.</summary>
        Int16 = 2,

        /// <summary>Signed, 32 bits.</summary>
        Int32 = 3,

        /// <summary>Signed, 64 bits.</summary>
        Int64 = 4,

        /// <summary>IEEE 754 binary16.</summary>
        Float16 = 5,

        /// <summary>IEEE 754 binary32.</summary>
        Float32 = 6,

        /// <summary>IEEE 754 binary64.</summary>
        Float64 = 7,

        /// <summary>Two binary32.</summary>
        ComplexFloat32 = 9,

        /// <summary>Two binary64.</summary>
        ComplexFloat64 = 10,

        /// <summary>One byte, 0 or 1.</summary>
        Bool = 11,

        /// <summary>bfloat16.</summary>
        BFloat16 = 15,
    }

    /// <summary>Seeds the generator that programs draw from (dropout and the like).</summary>
    /// <param name="seed">Any value.</param>
    public static Generator manual_seed(long seed)
    {
        Binding.Check(Binding.tb_manual_seed(seed));
        return new Generator();
    }

    /// <summary>Sets the threads that one operation may use; at least 1.</summary>
    public static void set_num_threads(int num) => Binding.Check(Binding.tb_set_num_threads(num));

    /// <summary>Threads that one operation may use.</summary>
    public static int get_num_threads() => Binding.tb_get_num_threads();

    /// <summary>Switches gradients off on this thread until disposed.</summary>
    public static IDisposable no_grad() => new AutoGradMode(false);

    /// <summary>Owns every tensor that this thread makes until disposed.</summary>
    public static DisposeScope NewDisposeScope() => DisposeScopeManager.NewDisposeScope();

    /// <summary>A tensor whose content is not initialised, on the CPU.</summary>
    /// <param name="size">Its shape.</param>
    /// <param name="dtype">Element type; 32-bit floats by default.</param>
    /// <param name="device">Null or the CPU.</param>
    /// <param name="requires_grad">Whether gradients are kept for it.</param>
    /// <param name="names">Null: named dimensions are not offered here.</param>
    public static Tensor empty(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        ArgumentNullException.ThrowIfNull(size);
        if (names is not null)
        {
            throw new NotSupportedException("named dimensions are not offered by this build");
        }

        device?.RequireCpu();
        Binding.Check(Binding.tb_tensor_empty(size, size.Length, (sbyte)(dtype ?? ScalarType.Float32), requires_grad ? 1 : 0, out var handle));
        return new Tensor(handle);
    }

    /// <summary>Stands for the generator that <see cref="manual_seed"/> seeded, the process's only one here.</summary>
    public class Generator : IDisposable
    {
        internal Generator()
        {
        }

        /// <summary>All that the generator's next numbers follow from, as bytes.</summary>
        public Tensor get_state()
        {
            Binding.Check(Binding.tb_get_rng_state(out var state));
            return new Tensor(state);
        }

        /// <summary>Goes on from what <see cref="get_state"/> gave.</summary>
        public void set_state(Tensor value)
        {
            ArgumentNullException.ThrowIfNull(value);
            Binding.Check(Binding.tb_set_rng_state(value.Alive));
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        /// <summary>The process's generator stays.</summary>
        protected virtual void Dispose(bool disposing)
        {
        }
    }

    private sealed class AutoGradMode : IDisposable
    {
        private readonly int _previous;

        internal AutoGradMode(bool enabled)
        {
            _previous = Binding.tb_grad_enabled();
            Binding.tb_set_grad_enabled(enabled ? 1 : 0);
        }

        public void Dispose() => Binding.tb_set_grad_enabled(_previous);
    }
}
