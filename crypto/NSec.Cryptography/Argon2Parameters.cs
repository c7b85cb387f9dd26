using System.Runtime.InteropServices;

namespace NSec.Cryptography;

/// <summary>The cost of Argon2 (RFC 9106 section 3.1).</summary>
[StructLayout(LayoutKind.Auto)]
public struct Argon2Parameters
{
    /// <summary>Lanes; libsodium knows only 1.</summary>
    public int DegreeOfParallelism;

    /// <summary>Memory, in KiB.</summary>
    public long MemorySize;

    /// <summary>Passes over the memory.</summary>
    public long NumberOfPasses;
}
