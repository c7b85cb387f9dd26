using System.Runtime.InteropServices;

namespace Orchestrator.Training.Run;

/// <summary>Looks for NaN and infinity.</summary>
internal static class NonFinite
{
    /// <summary>Whether 32-bit floats, given as bytes, are all finite.</summary>
    public static bool IsFree(ReadOnlySpan<byte> floats)
    {
        foreach (var value in MemoryMarshal.Cast<byte, float>(floats))
        {
            if (!float.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }
}
