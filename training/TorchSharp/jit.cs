using System.Runtime.InteropServices;
using TorchSharp.Modules;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>TorchScript.</summary>
    public static partial class jit
    {
        /// <summary>Loads an archive that <c>torch.jit.save</c> wrote.</summary>
        /// <typeparam name="T1">Argument of forward; here always <see cref="Tensor"/>.</typeparam>
        /// <typeparam name="TResult">Result of forward; here always <see cref="Tensor"/>.</typeparam>
        /// <param name="filename">Path of the archive.</param>
        /// <param name="device_type">The CPU.</param>
        /// <param name="device_index">Ignored for the CPU.</param>
        /// <exception cref="FileNotFoundException">There is no such file.</exception>
        public static ScriptModule<T1, TResult> load<T1, TResult>(string filename, DeviceType device_type = DeviceType.CPU, long device_index = -1)
        {
            if (!File.Exists(filename))
            {
                throw new FileNotFoundException(filename);
            }

            Device.RequireCpu(device_type);
            Binding.Check(Binding.tb_module_load(filename, out var handle));
            return new ScriptModule<T1, TResult>(handle);
        }

        /// <summary>A TorchScript module.</summary>
        public class ScriptModule : nn.Module
        {
            private delegate int ElementReader(Native.ModuleHandle module, long index, out nint name, out TensorHandle tensor);

            private readonly (string Name, Parameter Tensor)[] _parameters;
            private readonly (string Name, Tensor Tensor)[] _buffers;

            internal ScriptModule(Native.ModuleHandle handle)
            {
                NativeHandle = handle;
                Binding.Check(Binding.tb_module_parameter_count(handle, out var parameters));
                Binding.Check(Binding.tb_module_buffer_count(handle, out var buffers));
                _parameters = Read(parameters, Binding.tb_module_parameter, tensor => new Parameter(tensor));
                _buffers = Read(buffers, Binding.tb_module_buffer, tensor => new Tensor(tensor));
            }

            /// <inheritdoc/>
            public override bool training
            {
                get
                {
                    Binding.Check(Binding.tb_module_is_training(NativeHandle, out var result));
                    return result != 0;
                }
            }

            internal Native.ModuleHandle NativeHandle { get; }

            /// <inheritdoc/>
            public override void train(bool on = true) => Binding.Check(Binding.tb_module_train(NativeHandle, on ? 1 : 0));

            /// <inheritdoc/>
            public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) => All(_parameters, recurse);

            /// <inheritdoc/>
            public override IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true) => All(_buffers, recurse);

            /// <inheritdoc/>
            protected override void Dispose(bool disposing)
            {
                if (disposing)
                {
                    Array.ForEach(_parameters, parameter => parameter.Tensor.Dispose());
                    Array.ForEach(_buffers, buffer => buffer.Tensor.Dispose());
                    NativeHandle.Dispose();
                }

                base.Dispose(disposing);
            }

            private static T[] All<T>(T[] elements, bool recurse) =>
                recurse ? elements : throw new NotSupportedException("this build lists the tensors of all submodules");

            private (string Name, T Tensor)[] Read<T>(long count, ElementReader read, Func<TensorHandle, T> wrap)
                where T : Tensor
            {
                var elements = new (string Name, T Tensor)[count];
                for (var i = 0; i < elements.Length; i++)
                {
                    Binding.Check(read(NativeHandle, i, out var name, out var tensor));
                    elements[i] = (Marshal.PtrToStringUTF8(name)!, wrap(tensor));
                    elements[i].Tensor.DetachFromDisposeScope();
                }

                return elements;
            }
        }

        /// <summary>A TorchScript module whose forward takes one argument.</summary>
        public class ScriptModule<T, TResult> : ScriptModule
        {
            internal ScriptModule(Native.ModuleHandle handle)
                : base(handle)
            {
            }

            /// <summary>Runs forward.</summary>
            /// <exception cref="ExternalException">The program failed, or returned something else than a tensor.</exception>
            public TResult call(T tensor)
            {
                if (tensor is not Tensor input)
                {
                    throw new NotImplementedException("this build passes one tensor to TorchScript");
                }

                Binding.Check(Binding.tb_module_forward(NativeHandle, input.Alive, out var result));
                return (TResult)(object)new Tensor(result);
            }
        }
    }
}
