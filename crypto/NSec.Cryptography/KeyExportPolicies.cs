namespace NSec.Cryptography;

/// <summary>Whether a secret can leave its object in plaintext.</summary>
[Flags]
public enum KeyExportPolicies
{
    /// <summary>Never.</summary>
    None = 0,

    /// <summary>Any number of times.</summary>
    AllowPlaintextExport = 1,

    /// <summary>Once.</summary>
    AllowPlaintextArchiving = 2,
}
