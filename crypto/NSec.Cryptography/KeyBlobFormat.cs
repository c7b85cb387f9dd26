namespace NSec.Cryptography;

/// <summary>Encodings of keys; those of secret keys are negative.</summary>
public enum KeyBlobFormat
{
    /// <summary>No format.</summary>
    None = 0,

    /// <summary>The private key as its RFC has it: 32 bytes for Ed25519 (the seed) and X25519.</summary>
    RawPrivateKey = -2,

    /// <summary>The public key as its RFC has it: 32 bytes for Ed25519 and X25519.</summary>
    RawPublicKey = 1,
}
