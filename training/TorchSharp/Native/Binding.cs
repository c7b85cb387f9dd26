using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>The C ABI of training/native. Functions that can fail return 0 or a failure whose text is the thread's last error.</summary>
internal static partial class Binding
{
    private const string Library = "torchbinding";

    /// <summary>Throws what libtorch said when a call failed.</summary>
    /// <exception cref="ExternalException">The call failed.</exception>
    internal static void Check(int status)
    {
        if (status != 0)
        {
            throw new ExternalException(Marshal.PtrToStringUTF8(tb_last_error()));
        }
    }

    [LibraryImport(Library)]
    private static partial nint tb_last_error();

    [LibraryImport(Library)]
    internal static partial int tb_manual_seed(long seed);

    [LibraryImport(Library)]
    internal static partial int tb_get_rng_state(out TensorHandle state);

    [LibraryImport(Library)]
    internal static partial int tb_set_rng_state(TensorHandle state);

    [LibraryImport(Library)]
    internal static partial int tb_set_num_threads(int count);

    [LibraryImport(Library)]
    internal static partial int tb_get_num_threads();

    [LibraryImport(Library)]
    internal static partial int tb_grad_enabled();

    [LibraryImport(Library)]
    internal static partial void tb_set_grad_enabled(int enabled);
}
