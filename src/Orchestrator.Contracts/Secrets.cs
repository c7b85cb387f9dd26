using System.Security.Cryptography;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Contracts;

/// <summary>Moves keys between their types and the buffers of an encoding, and wipes those buffers.</summary>
internal static class Secrets
{
    public static byte[] Export(StreamKey key)
    {
        var bytes = new byte[StreamKey.Size];
        key.Export(bytes);
        return bytes;
    }

    public static void Zero(params ReadOnlySpan<byte[]> buffers)
    {
        foreach (byte[] buffer in buffers)
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }
}
