using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Attestation.X509;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Fragments.Transparency;

/// <summary>Keys of transparency services that their publisher signed (docs/spec/fragment.md, "Receipts"). Only <see cref="Verify(VerifiedStatement)"/> makes one.</summary>
public sealed class VerifiedTrustList
{
    /// <summary>What such a statement is of.</summary>
    public const string ContentType = "application/transparency-trust-list+json";

    /// <summary>Keys in one list, over all services.</summary>
    public const int MaxKeys = 256;

    private VerifiedTrustList(VerifiedStatement statement, SecurityVersion svn, ImmutableDictionary<string, ImmutableArray<LedgerKey>> ledgers)
    {
        Issuer = statement.Issuer;
        Subject = statement.Feed;
        Svn = svn;
        Digest = Convert.ToHexStringLower(statement.BareDigest.Span);
        Ledgers = ledgers;
    }

    /// <summary>did:x509 of its signer.</summary>
    public string Issuer { get; }

    /// <summary>Its name.</summary>
    public string Subject { get; }

    /// <summary>Its security version.</summary>
    public SecurityVersion Svn { get; }

    /// <summary>SHA-256 of what its publisher signed, in lower-case hexadecimal.</summary>
    public string Digest { get; }

    /// <summary>Keys by service.</summary>
    public ImmutableDictionary<string, ImmutableArray<LedgerKey>> Ledgers { get; }

    /// <summary>Reads the list that a statement makes.</summary>
    /// <exception cref="OrchestratorException"><see cref="FragmentErrors.Invalid"/>.</exception>
    public static VerifiedTrustList Verify(VerifiedStatement statement)
    {
        ArgumentNullException.ThrowIfNull(statement);
        SecurityVersion? svn = statement.Svn is null ? null : SecurityVersion.TryParse(statement.Svn);
        if (statement.ContentType != ContentType || statement.Feed.Length == 0 || svn is null)
        {
            throw new OrchestratorException(FragmentErrors.Invalid, $"A list of transparency services is a statement of the type {ContentType} with subject and svn in its claims.");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(statement.Payload);
            var ledgers = document.RootElement.EnumerateObject().ToImmutableDictionary(
                ledger => ledger.Name,
                ledger => ledger.Value.GetProperty("keys").EnumerateArray().Select(LedgerKey.Read).ToImmutableArray(),
                StringComparer.Ordinal);
            return ledgers.Values.Sum(keys => keys.Length) <= MaxKeys
                ? new VerifiedTrustList(statement, svn, ledgers)
                : throw new FormatException($"it has more than {MaxKeys} keys");
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            throw new OrchestratorException(FragmentErrors.Invalid, $"The list of transparency services cannot be read: {e.Message.TrimEnd('.')}.", inner: e);
        }
    }
}

/// <summary>A list that was let in, as part of a group's state: what of it the policy allows.</summary>
/// <param name="Subject">Its name.</param>
/// <param name="Digest">SHA-256 of what its publisher signed, in lower-case hexadecimal.</param>
/// <param name="Ledgers">Keys by service.</param>
public sealed record LoadedTrustList(string Subject, string Digest, ImmutableDictionary<string, ImmutableArray<LedgerKey>> Ledgers);
