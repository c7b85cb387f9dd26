using TorchSharp.Modules;
using TorchSharp.Native;

namespace TorchSharp
{
    public static partial class torch
    {
        /// <summary>Optimisers; the defaults are upstream's, which are not always PyTorch's.</summary>
        public static partial class optim
        {
            /// <summary>Stochastic gradient descent.</summary>
            public static Modules.SGD SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            /// <summary>Adam (arXiv 1412.6980).</summary>
            public static Modules.Adam Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.99, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <summary>Adam with decoupled weight decay (arXiv 1711.05101).</summary>
            public static Modules.AdamW AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <summary>RMSprop (Hinton, lecture 6e).</summary>
            public static Modules.RMSProp RMSProp(IEnumerable<Parameter> parameters, double lr = 0.01, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false) =>
                new(parameters, lr, alpha, eps, weight_decay, momentum, centered, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Stochastic gradient descent.</summary>
    public sealed class SGD : OptimizerHelper
    {
        /// <summary>Makes it.</summary>
        public SGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0.0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
            : base(parameters, (ReadOnlySpan<nint> handles, long count, out OptimizerHandle result) => Binding.tb_sgd(handles, count, lr, momentum, dampening, weight_decay, nesterov ? 1 : 0, out result)) =>
            RequireMinimize(maximize);

        /// <summary>What it remembers of one parameter.</summary>
        public class State : OptimizerState, IDisposable
        {
            /// <summary>Null before the first step, and without momentum.</summary>
            public torch.Tensor? momentum_buffer;

            /// <inheritdoc/>
            public void Dispose()
            {
                momentum_buffer?.Dispose();
                GC.SuppressFinalize(this);
            }

            internal override (long Step, torch.Tensor? First, torch.Tensor? Second, torch.Tensor? Third) Parts
            {
                get => (0, momentum_buffer, null, null);
                set => (_, momentum_buffer, _, _) = value;
            }
        }

        private protected override OptimizerState NewState() => new State();
    }

    /// <summary>Adam.</summary>
    public sealed class Adam : OptimizerHelper
    {
        /// <summary>Makes it.</summary>
        public Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(parameters, (ReadOnlySpan<nint> handles, long count, out OptimizerHandle result) => Binding.tb_adam(handles, count, lr, beta1, beta2, eps, weight_decay, amsgrad ? 1 : 0, out result)) =>
            RequireMinimize(maximize);

        /// <summary>What it remembers of one parameter.</summary>
        public class State : OptimizerState, IDisposable
        {
            /// <summary>Steps taken.</summary>
            public long step;

            /// <summary>Running mean of the gradients.</summary>
            public torch.Tensor? exp_avg;

            /// <summary>Running mean of their squares.</summary>
            public torch.Tensor? exp_avg_sq;

            /// <summary>The greatest such means, or null.</summary>
            public torch.Tensor? max_exp_avg_sq;

            /// <inheritdoc/>
            public void Dispose()
            {
                exp_avg?.Dispose();
                exp_avg_sq?.Dispose();
                max_exp_avg_sq?.Dispose();
                GC.SuppressFinalize(this);
            }

            internal override (long Step, torch.Tensor? First, torch.Tensor? Second, torch.Tensor? Third) Parts
            {
                get => (step, exp_avg, exp_avg_sq, max_exp_avg_sq);
                set => (step, exp_avg, exp_avg_sq, max_exp_avg_sq) = value;
            }
        }

        private protected override OptimizerState NewState() => new State();
    }

    /// <summary>Adam with decoupled weight decay.</summary>
    public sealed class AdamW : OptimizerHelper
    {
        /// <summary>Makes it.</summary>
        public AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(parameters, (ReadOnlySpan<nint> handles, long count, out OptimizerHandle result) => Binding.tb_adamw(handles, count, lr, beta1, beta2, eps, weight_decay, amsgrad ? 1 : 0, out result)) =>
            RequireMinimize(maximize);

        /// <summary>What it remembers of one parameter.</summary>
        public class State : OptimizerState, IDisposable
        {
            /// <summary>Steps taken.</summary>
            public long step;

            /// <summary>Running mean of the gradients.</summary>
            public torch.Tensor? exp_avg;

            /// <summary>Running mean of their squares.</summary>
            public torch.Tensor? exp_avg_sq;

            /// <summary>The greatest such means, or null.</summary>
            public torch.Tensor? max_exp_avg_sq;

            /// <inheritdoc/>
            public void Dispose()
            {
                exp_avg?.Dispose();
                exp_avg_sq?.Dispose();
                max_exp_avg_sq?.Dispose();
                GC.SuppressFinalize(this);
            }

            internal override (long Step, torch.Tensor? First, torch.Tensor? Second, torch.Tensor? Third) Parts
            {
                get => (step, exp_avg, exp_avg_sq, max_exp_avg_sq);
                set => (step, exp_avg, exp_avg_sq, max_exp_avg_sq) = value;
            }
        }

        private protected override OptimizerState NewState() => new State();
    }

    /// <summary>RMSprop.</summary>
    public sealed class RMSProp : OptimizerHelper
    {
        /// <summary>Makes it.</summary>
        public RMSProp(IEnumerable<Parameter> parameters, double lr = 1e-3, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0.0, bool centered = false, bool maximize = false)
            : base(parameters, (ReadOnlySpan<nint> handles, long count, out OptimizerHandle result) => Binding.tb_rmsprop(handles, count, lr, alpha, eps, weight_decay, momentum, centered ? 1 : 0, out result)) =>
            RequireMinimize(maximize);

        /// <summary>What it remembers of one parameter.</summary>
        public class State : OptimizerState, IDisposable
        {
            /// <summary>Steps taken.</summary>
            public long step;

            /// <summary>Running mean of the squared gradients.</summary>
            public torch.Tensor? square_avg;

            /// <summary>Null without momentum.</summary>
            public torch.Tensor? momentum_buffer;

            /// <summary>Running mean of the gradients, or null.</summary>
            public torch.Tensor? grad_avg;

            /// <inheritdoc/>
            public void Dispose()
            {
                square_avg?.Dispose();
                momentum_buffer?.Dispose();
                grad_avg?.Dispose();
                GC.SuppressFinalize(this);
            }

            internal override (long Step, torch.Tensor? First, torch.Tensor? Second, torch.Tensor? Third) Parts
            {
                get => (step, square_avg, momentum_buffer, grad_avg);
                set => (step, square_avg, momentum_buffer, grad_avg) = value;
            }
        }

        private protected override OptimizerState NewState() => new State();
    }
}
