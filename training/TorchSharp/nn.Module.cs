using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>Something with parameters and buffers; here always a TorchScript module.</summary>
            public abstract class Module : IDisposable
            {
                private protected Module()
                {
                }

                /// <summary>Whether it is in training mode (dropout active, batch statistics gathered).</summary>
                public abstract bool training { get; }

                /// <summary>Puts it into training mode, or into evaluation mode.</summary>
                public abstract void train(bool on = true);

                /// <summary>Puts it into evaluation mode.</summary>
                public virtual void eval() => train(false);

                /// <summary>Parameters with their names, in the module's order. The module owns them.</summary>
                /// <param name="recurse">Whether those of submodules are included; only true is offered here.</param>
                public abstract IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true);

                /// <summary>Buffers with their names, in the module's order. The module owns them.</summary>
                /// <param name="recurse">Whether those of submodules are included; only true is offered here.</param>
                public abstract IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true);

                /// <summary>As <see cref="named_parameters"/>, without names.</summary>
                public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(pair => pair.parameter);

                /// <inheritdoc/>
                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                /// <summary>Frees the module.</summary>
                protected virtual void Dispose(bool disposing)
                {
                }
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>A tensor that a module learns.</summary>
    public sealed class Parameter : torch.Tensor
    {
        internal Parameter(Native.TensorHandle handle)
            : base(handle)
        {
        }
    }
}
