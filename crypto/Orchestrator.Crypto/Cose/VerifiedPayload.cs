using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Orchestrator.Crypto.Cose;

/// <summary>A payload whose signature holds. Only verification makes one.</summary>
public sealed class VerifiedPayload
{
    internal VerifiedPayload(CoseHeader header, ReadOnlyMemory<byte> bytes)
    {
        Header = header;
        Bytes = bytes;
    }

    /// <summary>The header, which the signature covers too.</summary>
    public CoseHeader Header { get; }

    /// <summary>The signed bytes.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Zeroes the payload, here and in the message that it came from: for objects that carry keys.</summary>
    public void Erase() => CryptographicOperations.ZeroMemory(MemoryMarshal.AsMemory(Bytes).Span);
}
