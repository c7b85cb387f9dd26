using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Orchestrator.Tiles;

/// <summary>
/// Fixes which kernels libtorch and its linear algebra compute with. Left alone they choose by processor, cache sizes and
/// whatever the environment says, and the same job gives other last bits on another machine, or confined and unconfined.
/// </summary>
internal static class NumericKernels
{
    private static readonly (string Variable, string Value)[] Choices =
    [
        ("OPENBLAS_CORETYPE", "Haswell"),
        ("OPENBLAS_L2_SIZE", "512"),
        ("ATEN_CPU_CAPABILITY", "avx2"),
    ];

    /// <summary>Must come before the first call into libtorch: the libraries look once, when they are loaded.</summary>
    public static void Fix()
    {
        if (!Avx2.IsSupported || !Fma.IsSupported)
        {
            return; // An older processor cannot run these kernels; it keeps its own.
        }

        foreach ((string variable, string value) in Choices)
        {
            // .NET keeps a copy of the environment: only libc's own is what native libraries see.
            if (SetEnvironmentVariable(variable, value, overwrite: 1) != 0)
            {
                throw new InvalidOperationException($"The environment variable {variable} cannot be set.");
            }
        }
    }

    [DllImport("libc", EntryPoint = "setenv", SetLastError = true)]
    private static extern int SetEnvironmentVariable(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}
