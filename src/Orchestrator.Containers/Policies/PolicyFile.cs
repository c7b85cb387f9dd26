using System.Text;
using Orchestrator.Crypto.IO;

namespace Orchestrator.Containers.Policies;

/// <summary>A policy's file: its text, as generators write it, or that text in Base64, as deployments carry it.</summary>
/// <param name="Text">The very bytes that the policy's digest is over, UTF-8.</param>
/// <param name="Policy">As they are understood.</param>
public sealed record PolicyFile(ReadOnlyMemory<byte> Text, ExecutionPolicy Policy)
{
    // Four thirds of the longest text.
    private const int MaxBytes = 11 << 20;

    /// <summary>Reads the file at <paramref name="path"/>.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="PolicyErrors"/>, or of storage.</exception>
    public static PolicyFile Read(string path)
    {
        byte[] bytes = LocalFile.ReadAllBytes(path, MaxBytes, PolicyErrors.TooLarge);
        byte[] text = TryDecode(bytes) ?? bytes;
        return new PolicyFile(text, PolicyReader.Read(text));
    }

    // No policy is Base64 by chance: its first word is followed by a blank.
    private static byte[]? TryDecode(byte[] bytes)
    {
        byte[] buffer = new byte[bytes.Length];
        return Convert.TryFromBase64Chars(Encoding.Latin1.GetString(bytes).Trim(), buffer, out int written) && written > 0 ? buffer[..written] : null;
    }
}
