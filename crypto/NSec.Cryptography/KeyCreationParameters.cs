using System.Runtime.InteropServices;

namespace NSec.Cryptography;

/// <summary>How to make a <see cref="Key"/>; the default exports nothing.</summary>
[StructLayout(LayoutKind.Auto)]
public struct KeyCreationParameters
{
    /// <summary>Whether the private key can be exported.</summary>
    public KeyExportPolicies ExportPolicy;
}
