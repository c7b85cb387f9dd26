using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.X509;

/// <summary>
/// An identifier of who signs: the fingerprint of an authority in the signer's chain, and what the signer's own certificate has to say
/// (did:x509 method, version 0). Policies: <c>eku</c>, <c>subject</c>, <c>san</c>.
/// </summary>
public sealed class DidX509
{
    private const string Prefix = "did:x509:0:";

    private readonly HashAlgorithmName _hash;
    private readonly byte[] _fingerprint;
    private readonly string[][] _policies;

    private DidX509(string text, HashAlgorithmName hash, byte[] fingerprint, string[][] policies)
    {
        Text = text;
        _hash = hash;
        _fingerprint = fingerprint;
        _policies = policies;
    }

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>Reads an identifier.</summary>
    /// <returns>Null: it is not one.</returns>
    public static DidX509? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split("::");
        if (!parts[0].StartsWith(Prefix, StringComparison.Ordinal) || parts.Length < 2 || parts[0][Prefix.Length..].Split(':') is not [{ } algorithm, { } digest])
        {
            return null;
        }

        (HashAlgorithmName hash, int size) = algorithm switch
        {
            "sha256" => (HashAlgorithmName.SHA256, 32),
            "sha384" => (HashAlgorithmName.SHA384, 48),
            "sha512" => (HashAlgorithmName.SHA512, 64),
            _ => default,
        };
        string[][] policies = [.. parts.Skip(1).Select(policy => policy.Split(':').Select(Uri.UnescapeDataString).ToArray())];
        return size > 0 && TryDecode(digest) is { } fingerprint && fingerprint.Length == size && policies.All(IsKnown)
            ? new DidX509(text, hash, fingerprint, policies)
            : null;
    }

    /// <summary>Whether a verified chain, the signer's certificate first, is the identifier's.</summary>
    public bool Resolves(IReadOnlyList<SignedCertificate> chain)
    {
        ArgumentNullException.ThrowIfNull(chain);
        return chain.Count > 1
            && chain.Skip(1).Any(authority => CryptographicOperations.HashData(_hash, authority.Der.Span).AsSpan().SequenceEqual(_fingerprint))
            && _policies.All(policy => Holds(policy, chain[0]));
    }

    private static byte[]? TryDecode(string base64Url)
    {
        try
        {
            return Base64Url.DecodeFromChars(base64Url);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static bool IsKnown(string[] policy) => policy switch
    {
        ["eku", _] => true,
        ["san", "email" or "dns" or "uri", _] => true,
        ["subject", ..] => policy.Length >= 3 && policy.Length % 2 == 1 && policy.Skip(1).Chunk(2).Select(pair => pair[0]).All(key => OidOf(key) is not null),
        _ => false,
    };

    private static bool Holds(string[] policy, SignedCertificate leaf) => policy[0] switch
    {
        "eku" => leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(extension => extension.EnhancedKeyUsages.Cast<Oid>()).Any(oid => oid.Value == policy[1]),
        "subject" => policy.Skip(1).Chunk(2).All(pair => leaf.Name.EnumerateRelativeDistinguishedNames().Any(name =>
            !name.HasMultipleElements && name.GetSingleElementType().Value == OidOf(pair[0]) && name.GetSingleElementValue() == pair[1])),
        _ => SubjectAlternativeName.Contains(leaf, policy[1], policy[2]),
    };

    private static string? OidOf(string key) => key switch
    {
        "CN" => "2.5.4.3",
        "L" => "2.5.4.7",
        "ST" => "2.5.4.8",
        "O" => "2.5.4.10",
        "OU" => "2.5.4.11",
        "C" => "2.5.4.6",
        "STREET" => "2.5.4.9",
        _ when key.Length > 2 && key.All(c => char.IsAsciiDigit(c) || c == '.') => key,
        _ => null,
    };
}
