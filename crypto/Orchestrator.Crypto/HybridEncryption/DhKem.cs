using System.Security.Cryptography;
using NSec.Cryptography;

namespace Orchestrator.Crypto.HybridEncryption;

/// <summary>DHKEM(X25519, HKDF-SHA256), RFC 9180 section 4.1: number 0x0020, encapsulation and secret of 32 bytes.</summary>
internal static class DhKem
{
    public const int EncapsulationSize = 32;

    public const int SharedSecretSize = 32;

    private static readonly LabeledHkdf Hkdf = new([.. "KEM"u8, 0x00, 0x20]);

    /// <summary>Agrees on a secret with the owner of <paramref name="recipient"/>.</summary>
    /// <param name="ephemeral">A fresh key; its public half is the encapsulation.</param>
    /// <param name="recipient">The public key to seal to.</param>
    /// <param name="sharedSecret">32 bytes; the caller erases them.</param>
    /// <returns><see langword="false"/> if <paramref name="recipient"/> gives an all-zero agreement.</returns>
    public static bool TryEncapsulate(HpkePrivateKey ephemeral, HpkePublicKey recipient, Span<byte> sharedSecret) =>
        TryAgree(ephemeral, recipient, [.. ephemeral.PublicKey.ToArray(), .. recipient.ToArray()], sharedSecret);

    /// <summary>The recipient's side of <see cref="TryEncapsulate"/>.</summary>
    public static bool TryDecapsulate(HpkePrivateKey recipient, HpkePublicKey encapsulation, Span<byte> sharedSecret) =>
        TryAgree(recipient, encapsulation, [.. encapsulation.ToArray(), .. recipient.PublicKey.ToArray()], sharedSecret);

    private static bool TryAgree(HpkePrivateKey own, HpkePublicKey other, byte[] context, Span<byte> sharedSecret)
    {
        using SharedSecret? agreement = KeyAgreementAlgorithm.X25519.Agree(
            own.Key, other.Key, new SharedSecretCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport });
        if (agreement is null)
        {
            return false;
        }

        // The label goes before the secret, so it has to come out of its protected memory for a moment.
        byte[] secret = agreement.Export(SharedSecretBlobFormat.RawSharedSecret);
        Span<byte> extracted = stackalloc byte[LabeledHkdf.HashSize];
        try
        {
            Hkdf.Extract([], "eae_prk"u8, secret, extracted);
            Hkdf.Expand(extracted, "shared_secret"u8, context, sharedSecret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(extracted);
        }

        return true;
    }
}
