using System.Globalization;

namespace Orchestrator.Guest.Kernel;

/// <summary>What the kernel has done for want of memory. In a machine of its own it is done to the group alone.</summary>
internal static class MemoryWatch
{
    private const string Field = "oom_kill ";

    /// <summary>Whether the kernel has killed a process since the machine's start because there was no memory left.</summary>
    /// <exception cref="IOException">The kernel does not say.</exception>
    public static bool HasKilled() => File.ReadLines("/proc/vmstat").FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal)) is { } line
        ? long.Parse(line[Field.Length..], CultureInfo.InvariantCulture) > 0
        : throw new IOException("The kernel counts no kills.");
}
