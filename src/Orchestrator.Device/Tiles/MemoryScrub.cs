using System.Security.Cryptography;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tiles;

/// <summary>Clears memory that the tiles had, or will have, and looks whether it is clear.</summary>
public static class MemoryScrub
{
    /// <summary>Zeroes and reads back.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.ScrubFailed"/>.</exception>
    public static void Scrub(Span<byte> memory)
    {
        CryptographicOperations.ZeroMemory(memory);
        RequireZero(memory);
    }

    /// <summary>Checks that memory is clear.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.ScrubFailed"/>.</exception>
    public static void RequireZero(ReadOnlySpan<byte> memory)
    {
        if (memory.IndexOfAnyExcept((byte)0) is >= 0 and int at)
        {
            throw new OrchestratorException(DeviceErrors.ScrubFailed, $"Byte {at} of {memory.Length} is not zero after scrubbing.");
        }
    }
}
