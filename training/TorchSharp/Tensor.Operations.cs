using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The same values in row-major order; the tensor's own memory when it has that order already.</summary>
        public Tensor contiguous()
        {
            Binding.Check(Binding.tb_tensor_contiguous(Alive, out var result));
            return new Tensor(result);
        }

        /// <summary>A copy; gradients flow through it.</summary>
        public Tensor clone()
        {
            Binding.Check(Binding.tb_tensor_clone(Alive, out var result));
            return new Tensor(result);
        }

        /// <summary>Overwrites the values with those of a tensor of the same (or a broadcastable) shape.</summary>
        public Tensor copy_(Tensor source, bool non_blocking = false)
        {
            ArgumentNullException.ThrowIfNull(source);
            Binding.Check(Binding.tb_tensor_copy(Alive, source.Alive, non_blocking ? 1 : 0));
            return this;
        }

        /// <summary>The same values in another shape; one length may be -1 and follows from the others.</summary>
        public Tensor reshape(params long[] shape)
        {
            ArgumentNullException.ThrowIfNull(shape);
            Binding.Check(Binding.tb_tensor_reshape(Alive, shape, shape.Length, out var result));
            return new Tensor(result);
        }

        /// <summary>Adds the gradients of this scalar to every leaf that it was computed from.</summary>
        /// <param name="grad_tensors">Null: only scalars are differentiated here.</param>
        /// <param name="create_graph">Whether gradients can be differentiated again.</param>
        /// <param name="retain_graph">Whether the graph is kept for another pass.</param>
        /// <param name="inputs">Null: all leaves.</param>
        public void backward(IList<Tensor>? grad_tensors = null, bool create_graph = false, bool retain_graph = false, IList<Tensor>? inputs = null)
        {
            if (grad_tensors is not null || inputs is not null)
            {
                throw new NotSupportedException("this build differentiates scalars, for all leaves");
            }

            Binding.Check(Binding.tb_tensor_backward(Alive, retain_graph || create_graph ? 1 : 0, create_graph ? 1 : 0));
        }
    }
}
