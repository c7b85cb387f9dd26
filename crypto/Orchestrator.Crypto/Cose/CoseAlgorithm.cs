namespace Orchestrator.Crypto.Cose;

/// <summary>The signature algorithms in use, by their numbers in IANA's COSE registry.</summary>
public enum CoseAlgorithm
{
    /// <summary>ECDSA over P-384 with SHA-384 (RFC 9053 section 2.1): devices.</summary>
    Es384 = -35,

    /// <summary>EdDSA, here always Ed25519 (RFC 9053 section 2.2): parties.</summary>
    EdDsa = -8,
}
