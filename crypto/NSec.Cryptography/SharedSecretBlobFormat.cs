namespace NSec.Cryptography;

/// <summary>Encodings of shared secrets.</summary>
public enum SharedSecretBlobFormat
{
    /// <summary>No format.</summary>
    None = 0,

    /// <summary>The bytes as the key agreement yields them.</summary>
    RawSharedSecret = -1,
}
