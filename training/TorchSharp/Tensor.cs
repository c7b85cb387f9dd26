using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A reference to a native tensor. Belongs to the thread's current <see cref="DisposeScope"/>, if there is one.</summary>
    public partial class Tensor : IDisposable
    {
        internal Tensor(TensorHandle handle)
        {
            NativeHandle = handle;
            TensorHandle.CountOne();
            OwningDisposeScope = DisposeScopeManager.RegisterOnCurrentDisposeScope(this);
        }

        /// <summary>References that are alive, whoever owns them.</summary>
        public static long TotalCount => TensorHandle.Live;

        /// <summary>The most that <see cref="TotalCount"/> has been.</summary>
        public static long PeakCount => TensorHandle.Peak;

        /// <summary>The native pointer.</summary>
        /// <exception cref="InvalidOperationException">The tensor was disposed.</exception>
        public IntPtr Handle => Alive.DangerousGetHandle();

        /// <summary>Whether the tensor was disposed.</summary>
        public bool IsInvalid => NativeHandle.IsClosed;

        /// <summary>Lengths of its dimensions; empty for a scalar.</summary>
        public long[] shape
        {
            get
            {
                var sizes = new long[Binding.tb_tensor_dimensions(Alive)];
                Binding.tb_tensor_sizes(Alive, sizes);
                return sizes;
            }
        }

        /// <summary>Type of its elements.</summary>
        public ScalarType dtype => (ScalarType)Binding.tb_tensor_dtype(Alive);

        /// <summary>Number of its elements.</summary>
        public long NumberOfElements => Binding.tb_tensor_element_count(Alive);

        /// <summary>Bytes of one element.</summary>
        public long ElementSize => Binding.tb_tensor_element_size(Alive);

        /// <summary>Whether gradients are kept for it.</summary>
        public bool requires_grad => Binding.tb_tensor_requires_grad(Alive) != 0;

        /// <summary>Its elements in memory, row-major; valid as long as the tensor is not disposed.</summary>
        /// <exception cref="NotImplementedException">The tensor is not contiguous.</exception>
        public Span<byte> bytes
        {
            get => Content();
            set
            {
                var content = Content();
                if (content.Length != value.Length)
                {
                    throw new ArgumentException("Mismatched data sizes in SetBytes().");
                }

                value.CopyTo(content);
            }
        }

        internal DisposeScope? OwningDisposeScope { get; set; }

        internal TensorHandle NativeHandle { get; }

        /// <summary>The handle of a tensor that was not disposed.</summary>
        internal TensorHandle Alive => NativeHandle.IsClosed
            ? throw new InvalidOperationException("Tensor invalid -- empty handle.")
            : NativeHandle;

        /// <summary>Frees this reference; the memory goes with the last one.</summary>
        public void Dispose()
        {
            OwningDisposeScope?.MarkAsDisposed(this);
            OwningDisposeScope = null;
            NativeHandle.Dispose();
            GC.SuppressFinalize(this);
        }

        /// <summary>Hands the tensor to the next outer scope, or to nobody.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        /// <summary>Takes the tensor out of all scopes: the caller disposes it.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        /// <summary>The value of a tensor of one element.</summary>
        /// <exception cref="ArgumentException">It has not one element, or another type.</exception>
        public T item<T>()
            where T : unmanaged
        {
            if (NumberOfElements != 1)
            {
                throw new ArgumentException("Number of elements in the tensor must be 1");
            }

            if (typeof(T) != ClrType(dtype))
            {
                throw new ArgumentException($"{typeof(T).Name} is not compatible with {dtype}");
            }

            return MemoryMarshal.Read<T>(Content());
        }

        private static Type ClrType(ScalarType dtype) => dtype switch
        {
            ScalarType.Byte => typeof(byte),
            ScalarType.Int8 => typeof(sbyte),
            ScalarType.Int16 => typeof(short),
            ScalarType.Int32 => typeof(int),
            ScalarType.Int64 => typeof(long),
            ScalarType.Bool => typeof(bool),
            ScalarType.Float32 => typeof(float),
            ScalarType.Float64 => typeof(double),
            _ => throw new ArgumentException($"{dtype} has no .NET type here"),
        };

        private unsafe Span<byte> Content()
        {
            if (Binding.tb_tensor_is_contiguous(Alive) == 0)
            {
                throw new NotImplementedException("Bytes() called on non-contiguous tensor.");
            }

            var size = NumberOfElements * ElementSize;
            if (size > int.MaxValue)
            {
                throw new ArgumentException("Span only supports up to int.MaxValue elements.");
            }

            Binding.Check(Binding.tb_tensor_data(Alive, out var data));
            return new Span<byte>((void*)data, (int)size);
        }
    }
}
