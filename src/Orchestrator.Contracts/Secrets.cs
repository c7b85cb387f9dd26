using System.Security.Cryptography;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Contracts;

/// <summary>Moves keys between their types and the buffers of an encoding, and wipes those buffers.</summary>
internal static class Secrets
{
    public static byte[] Export(StreamKey key)
    {
        byte[] bytes = Allocate(StreamKey.Size);
        key.Export(bytes);
        return bytes;
    }

    public static byte[] Copy(ReadOnlySpan<byte> secret)
    {
        byte[] bytes = Allocate(secret.Length);
        secret.CopyTo(bytes);
        return bytes;
    }

    public static void Zero(params ReadOnlySpan<byte[]> buffers)
    {
        foreach (byte[] buffer in buffers)
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    // Pinned, so that the collector leaves no copy behind.
    private static byte[] Allocate(int size) => GC.AllocateUninitializedArray<byte>(size, pinned: true);
}
