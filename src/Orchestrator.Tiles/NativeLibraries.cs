using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Orchestrator.Tiles;

/// <summary>Settings of the libraries that libtorch stands on. They look once, when they are loaded.</summary>
internal static class NativeLibraries
{
    // Left alone they choose by processor, cache sizes and whatever the environment says, and the same job gives other last bits on
    // another machine, or confined and unconfined.
    private static readonly (string Variable, string Value)[] Kernels =
    [
        ("OPENBLAS_CORETYPE", "Haswell"),
        ("OPENBLAS_L2_SIZE", "512"),
        ("ATEN_CPU_CAPABILITY", "avx2"),
    ];

    // Options of mallopt(3). A step allocates the same tensors again and again, and glibc would return their pages to the kernel at the end
    // of every step, to have them cleared and mapped anew: up to a fourth of the time. Tensors above the map threshold, of which this is
    // the greatest, are mapped one by one all the same. All threads share one heap: each would otherwise take a pad of its own, and a busy machine,
    // on which the pool has more threads, would bring the process to the limit of its job's memory.
    private static readonly (int Option, int Value)[] Allocator =
    [
        (-3, 32 << 20), // M_MMAP_THRESHOLD
        (-1, int.MaxValue), // M_TRIM_THRESHOLD
        (-2, 64 << 20), // M_TOP_PAD: counts as memory in use, touched or not
        (-8, 1), // M_ARENA_MAX
    ];

    /// <summary>Must come before the first call into libtorch.</summary>
    public static void Prepare()
    {
        // An older processor cannot run these kernels; it keeps its own.
        if (Avx2.IsSupported && Fma.IsSupported)
        {
            Array.ForEach(Kernels, choice => Set(choice.Variable, choice.Value));
        }

        // Threads that wait for each other give their core up. Spinning, they would hold it while the one they wait for, or the
        // controller, has none: on a busy machine a job took ten times as long.
        Set("OMP_WAIT_POLICY", "passive");
        KeepFreedMemory();
    }

    private static void KeepFreedMemory()
    {
        try
        {
            Array.ForEach(Allocator, option => SetAllocatorOption(option.Option, option.Value));
        }
        catch (EntryPointNotFoundException)
        {
            // Another libc than glibc: slower, not wrong.
        }
    }

    // .NET keeps a copy of the environment: only libc's own is what native libraries see.
    private static void Set(string variable, string value)
    {
        if (SetEnvironmentVariable(variable, value, overwrite: 1) != 0)
        {
            throw new InvalidOperationException($"The environment variable {variable} cannot be set.");
        }
    }

    [DllImport("libc", EntryPoint = "setenv", SetLastError = true)]
    private static extern int SetEnvironmentVariable(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);

    [DllImport("libc", EntryPoint = "mallopt")]
    private static extern int SetAllocatorOption(int option, int value);
}
