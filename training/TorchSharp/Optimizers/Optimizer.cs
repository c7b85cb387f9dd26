using TorchSharp.Modules;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Reads and sets a learning rate.</summary>
        public interface ILearningRateController
        {
            /// <summary>The rate of the next step.</summary>
            double LearningRate { get; set; }

            /// <summary>The rate that the optimiser was made with.</summary>
            double InitialLearningRate { get; set; }
        }

        /// <summary>Moves parameters along their gradients; one native call a step, by libtorch's own optimisers.</summary>
        public abstract class Optimizer : IDisposable
        {
            private readonly OptimizerHandle _handle;

            private protected Optimizer(IEnumerable<Parameter> parameters, Factory factory)
            {
                var owners = parameters.ToArray();
                var handles = Array.ConvertAll(owners, parameter => parameter.Handle);
                Binding.Check(factory(handles, handles.Length, out _handle));
                GC.KeepAlive(owners);
                Count = owners.Length;
                ParamGroups = [new AllParameters(_handle)];
            }

            private protected delegate int Factory(ReadOnlySpan<nint> parameters, long count, out OptimizerHandle result);

            /// <summary>Parameters that it moves.</summary>
            private protected int Count { get; }

            private protected OptimizerHandle NativeHandle => _handle;

            /// <summary>One group: all parameters.</summary>
            public virtual IEnumerable<ILearningRateController> ParamGroups { get; }

            /// <summary>Updates every parameter that has a gradient.</summary>
            /// <param name="closure">Computes the loss anew; null takes the gradients as they are.</param>
            /// <returns>What the closure returned, or null.</returns>
            public virtual Tensor? step(Func<Tensor>? closure = null)
            {
                var loss = closure?.Invoke();
                Binding.Check(Binding.tb_optimizer_step(_handle));
                return loss;
            }

            /// <summary>Drops the gradients of all parameters.</summary>
            public virtual void zero_grad() => Binding.Check(Binding.tb_optimizer_zero_grad(_handle));

            /// <inheritdoc/>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Frees the state.</summary>
            protected virtual void Dispose(bool disposing)
            {
                if (disposing)
                {
                    _handle.Dispose();
                }
            }

            private protected static void RequireMinimize(bool maximize)
            {
                if (maximize)
                {
                    throw new NotSupportedException("this build minimizes");
                }
            }

            /// <summary>What an optimiser remembers.</summary>
            public class StateDictionary
            {
                internal StateDictionary(List<OptimizerState> state) => State = state;

                /// <summary>One for each parameter, in their order; the optimiser's own, not copies.</summary>
                public List<OptimizerState> State { get; private set; }
            }

            private sealed class AllParameters : ILearningRateController
            {
                private readonly OptimizerHandle _handle;

                internal AllParameters(OptimizerHandle handle)
                {
                    _handle = handle;
                    InitialLearningRate = LearningRate;
                }

                public double LearningRate
                {
                    get
                    {
                        Binding.Check(Binding.tb_optimizer_get_lr(_handle, out var lr));
                        return lr;
                    }

                    set => Binding.Check(Binding.tb_optimizer_set_lr(_handle, value));
                }

                public double InitialLearningRate { get; set; }
            }
        }
    }
}
