using Orchestrator.Errors;

namespace Orchestrator.Crypto.HybridEncryption;

/// <summary>Ways in which sealing to a public key fails.</summary>
public static class HpkeErrors
{
    /// <summary>A public key with which every agreement gives zero (RFC 9180 section 7.1.4).</summary>
    public static readonly ErrorCode BadPublicKey = new(
        "hpke-bad-public-key",
        ErrorClass.Integrity,
        "The public key to seal to is one that keeps no secret.",
        "Do not use this key; whoever offered it is faulty or hostile.");
}
