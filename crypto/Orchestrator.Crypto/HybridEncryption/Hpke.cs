using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.HybridEncryption;

/// <summary>
/// Single-shot HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM: anyone can seal
/// to a public key, only the owner of the private key can open. It does not say who sealed. See <c>docs/spec/hpke.md</c>.
/// </summary>
public static class Hpke
{
    /// <summary>How much longer a sealed message is: 32 bytes of encapsulation before, 16 bytes of tag after the ciphertext.</summary>
    public const int Overhead = DhKem.EncapsulationSize + HpkeContext.TagSize;

    /// <summary>Seals <paramref name="plaintext"/> under a key used for nothing else.</summary>
    /// <param name="recipient">Whose private key opens it.</param>
    /// <param name="info">Names the use; opening takes the same.</param>
    /// <param name="aad">Bound to the message; opening takes the same.</param>
    /// <param name="plaintext">The message.</param>
    /// <returns>Encapsulation, ciphertext and tag.</returns>
    /// <exception cref="OrchestratorException"><see cref="HpkeErrors.BadPublicKey"/>.</exception>
    public static byte[] Seal(HpkePublicKey recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext)
    {
        using var ephemeral = HpkePrivateKey.Generate();
        return Seal(ephemeral, recipient, info, aad, plaintext);
    }

    /// <summary>Opens what was sealed to the owner of <paramref name="recipient"/> with the same <paramref name="info"/> and <paramref name="aad"/>.</summary>
    /// <param name="recipient">The private key.</param>
    /// <param name="info">As for sealing.</param>
    /// <param name="aad">As for sealing.</param>
    /// <param name="sealedMessage">Untrusted bytes.</param>
    /// <param name="plaintext">The message, or <see langword="null"/>. In pinned memory, so that a caller who zeroes it leaves no copy.</param>
    /// <returns><see langword="false"/> if the bytes are anything else; nothing tells why.</returns>
    public static bool TryOpen(
        HpkePrivateKey recipient,
        ReadOnlySpan<byte> info,
        ReadOnlySpan<byte> aad,
        ReadOnlySpan<byte> sealedMessage,
        [NotNullWhen(true)] out byte[]? plaintext)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        plaintext = null;
        if (sealedMessage.Length < Overhead)
        {
            return false;
        }

        var encapsulation = HpkePublicKey.Import(sealedMessage[..DhKem.EncapsulationSize]);
        Span<byte> sharedSecret = stackalloc byte[DhKem.SharedSecretSize];
        try
        {
            if (!DhKem.TryDecapsulate(recipient, encapsulation, sharedSecret))
            {
                return false;
            }

            using var context = new HpkeContext(sharedSecret, info);
            byte[] opened = GC.AllocateUninitializedArray<byte>(sealedMessage.Length - Overhead, pinned: true);
            plaintext = context.TryOpen(aad, sealedMessage[DhKem.EncapsulationSize..], opened) ? opened : null;
            return plaintext is not null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(sharedSecret);
        }
    }

    internal static byte[] Seal(HpkePrivateKey ephemeral, HpkePublicKey recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        Span<byte> sharedSecret = stackalloc byte[DhKem.SharedSecretSize];
        try
        {
            if (!DhKem.TryEncapsulate(ephemeral, recipient, sharedSecret))
            {
                throw new OrchestratorException(HpkeErrors.BadPublicKey, $"The public key {recipient} keeps no secret.");
            }

            using var context = new HpkeContext(sharedSecret, info);
            byte[] sealedMessage = new byte[Overhead + plaintext.Length];
            ephemeral.PublicKey.ToArray().CopyTo(sealedMessage, 0);
            context.Seal(aad, plaintext, sealedMessage.AsSpan(DhKem.EncapsulationSize));
            return sealedMessage;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(sharedSecret);
        }
    }
}
