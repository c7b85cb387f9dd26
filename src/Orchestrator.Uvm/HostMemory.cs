using System.Globalization;
using Orchestrator.Errors;

namespace Orchestrator.Uvm;

/// <summary>What memory the host has left. Its kernel promises more than it has, and kills somebody when that is found out: better to ask before.</summary>
internal static class HostMemory
{
    private const string Field = "MemAvailable:";

    /// <summary>Refuses a machine for which there is no memory now.</summary>
    /// <param name="memory">That it asks for, in MiB.</param>
    /// <exception cref="OrchestratorException"><see cref="UvmErrors.NoMemory"/>.</exception>
    public static void Require(int memory)
    {
        if (Available() is { } available && available < memory)
        {
            throw new OrchestratorException(UvmErrors.NoMemory, $"The utility VM asks for {memory} MiB of memory, and the host has {available} MiB left.");
        }
    }

    // "MemAvailable:   24117248 kB"; a kernel that does not say so is taken at its word later.
    private static long? Available() => File.ReadLines("/proc/meminfo").FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal)) is { } line
        ? long.Parse(line[Field.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture) / 1024
        : null;
}
