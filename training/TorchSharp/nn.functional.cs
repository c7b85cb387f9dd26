using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>How losses of single elements become one.</summary>
        public enum Reduction : long
        {
            /// <summary>They do not.</summary>
            None = 0,

            /// <summary>Their mean.</summary>
            Mean = 1,

            /// <summary>Their sum.</summary>
            Sum = 2,
        }

        /// <summary>Losses.</summary>
        public static partial class functional
        {
            /// <summary>Softmax cross-entropy of logits [N, C] or [N, C, ...] against class indices [N] or [N, ...].</summary>
            public static Tensor cross_entropy(Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean, double label_smoothing = 0.0)
            {
                Binding.Check(Binding.tb_cross_entropy(input.Alive, target.Alive, Optional(weight), ignore_index, (long)reduction, label_smoothing, out var result));
                return new Tensor(result);
            }

            /// <summary>Sigmoid cross-entropy of logits against probabilities of the same shape.</summary>
            public static Tensor binary_cross_entropy_with_logits(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean, Tensor? pos_weights = null)
            {
                Binding.Check(Binding.tb_binary_cross_entropy_with_logits(input.Alive, target.Alive, Optional(weight), Optional(pos_weights), (long)reduction, out var result));
                return new Tensor(result);
            }

            /// <summary>Squared differences.</summary>
            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
            {
                Binding.Check(Binding.tb_mse_loss(input.Alive, target.Alive, (long)reduction, out var result));
                return new Tensor(result);
            }

            /// <summary>Negative log-likelihood of log-probabilities [N, C] or [N, C, ...] against class indices.</summary>
            public static Tensor nll_loss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
            {
                Binding.Check(Binding.tb_nll_loss(input.Alive, target.Alive, Optional(weight), (long)reduction, out var result));
                return new Tensor(result);
            }

            private static TensorHandle Optional(Tensor? tensor) => tensor?.Alive ?? TensorHandle.None;
        }

        /// <summary>Helpers over parameters.</summary>
        public static partial class utils
        {
            /// <summary>Scales all gradients together so that their norm is at most <paramref name="max_norm"/>.</summary>
            /// <returns>The norm that they had.</returns>
            public static double clip_grad_norm_(IEnumerable<Modules.Parameter> tensors, double max_norm, double norm_type = 2.0)
            {
                var parameters = tensors.ToArray();
                Binding.Check(Binding.tb_clip_grad_norm(Array.ConvertAll(parameters, parameter => parameter.Handle), parameters.Length, max_norm, norm_type, out var total));
                GC.KeepAlive(parameters);
                return total;
            }
        }
    }
}
