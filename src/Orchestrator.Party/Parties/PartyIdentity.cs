using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;

namespace Orchestrator.Sdk;

/// <summary>
/// What others need to know of a party, on one line of text that can be mailed or read aloud in parts:
/// <c>orchestrator-party:NAME:KEYS</c>, where KEYS is the base64url (RFC 4648 section 5, no padding) of signing key (32 bytes),
/// sealing key (32) and checksum (4). The checksum finds slips, not forgeries: get the line from the party itself.
/// </summary>
/// <param name="Name">The party's name (<see cref="PartyName"/>).</param>
/// <param name="SigningKey">Verifies what the party signs.</param>
/// <param name="SealingKey">Seals what only the party shall open.</param>
public sealed record PartyIdentity(string Name, VerificationKey SigningKey, HpkePublicKey SealingKey)
{
    private const string Prefix = "orchestrator-party";
    private const int KeySize = 32;
    private const int ChecksumSize = 4;

    /// <summary>Reads the line.</summary>
    /// <exception cref="FormatException">It is no identity, or its checksum is wrong.</exception>
    public static PartyIdentity Parse(string line) => TryParse(line, out PartyIdentity? identity)
        ? identity
        : throw new FormatException($"not a public identity ({Prefix}:NAME:KEYS), or changed in copying");

    /// <summary>Reads the line, if it is one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? line, [NotNullWhen(true)] out PartyIdentity? identity)
    {
        identity = null;
        string[] parts = (line ?? "").Trim().Split(':');
        byte[] bytes = new byte[(2 * KeySize) + ChecksumSize];
        if (parts is not [Prefix, var name, var keys]
            || !PartyName.IsValid(name)
            || !Base64Url.IsValid(keys)
            || !Base64Url.TryDecodeFromChars(keys, bytes, out int written)
            || written != bytes.Length
            || Base64Url.EncodeToString(bytes) != keys
            || !Checksum(name, bytes.AsSpan(0, 2 * KeySize)).AsSpan().SequenceEqual(bytes.AsSpan(2 * KeySize))
            || !VerificationKey.TryImport(bytes.AsSpan(0, KeySize), out VerificationKey? signingKey)
            || !HpkePublicKey.TryImport(bytes.AsSpan(KeySize, KeySize), out HpkePublicKey? sealingKey))
        {
            return false;
        }

        identity = new PartyIdentity(name, signingKey, sealingKey);
        return true;
    }

    /// <summary>The line.</summary>
    public override string ToString()
    {
        byte[] keys = [.. SigningKey.ToArray(), .. SealingKey.ToArray()];
        return $"{Prefix}:{Name}:{Base64Url.EncodeToString([.. keys, .. Checksum(Name, keys)])}";
    }

    private static byte[] Checksum(string name, ReadOnlySpan<byte> keys) =>
        SHA256.HashData([.. Encoding.UTF8.GetBytes($"{Prefix}\0{name}\0"), .. keys])[..ChecksumSize];
}
