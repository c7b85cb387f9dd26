using System.Diagnostics.CodeAnalysis;
using System.Text;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Contracts.Receipts;

/// <summary>An output's stream key on its way to a receiver (docs/spec/receipt.md).</summary>
public static class OutputKey
{
    /// <summary>Seals <paramref name="key"/> to a receiver; done by the device.</summary>
    public static byte[] Seal(StreamKey key, HpkePublicKey recipient, Digest manifest, string output, string receiver)
    {
        byte[] bytes = Secrets.Export(key);
        try
        {
            return Hpke.Seal(recipient, Info(manifest, output), Encoding.UTF8.GetBytes(receiver), bytes);
        }
        finally
        {
            Secrets.Zero(bytes);
        }
    }

    /// <summary>Opens a key that is sealed to <paramref name="receiver"/>.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> sealedKey, HpkePrivateKey recipient, Digest manifest, string output, string receiver, [NotNullWhen(true)] out StreamKey? key)
    {
        key = null;
        if (!Hpke.TryOpen(recipient, Info(manifest, output), Encoding.UTF8.GetBytes(receiver), sealedKey, out byte[]? bytes))
        {
            return false;
        }

        try
        {
            key = bytes.Length == StreamKey.Size ? StreamKey.Import(bytes) : null;
            return key is not null;
        }
        finally
        {
            Secrets.Zero(bytes);
        }
    }

    private static byte[] Info(Digest manifest, string output) =>
        [.. "orchestrator/output-key/v1"u8, 0, .. manifest.ToArray(), .. Encoding.UTF8.GetBytes(output)];
}
