using System.Runtime.InteropServices;

namespace NSec.Cryptography;

/// <summary>How to make a <see cref="SharedSecret"/>; the default exports nothing.</summary>
[StructLayout(LayoutKind.Auto)]
public struct SharedSecretCreationParameters
{
    /// <summary>Whether the secret can be exported.</summary>
    public KeyExportPolicies ExportPolicy;
}
