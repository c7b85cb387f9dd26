using System.Collections.Immutable;

namespace Orchestrator.Containers.Fragments.Transparency;

/// <summary>A list of transparency services' keys that a policy trusts.</summary>
/// <param name="Issuer">did:x509 of its signer.</param>
/// <param name="Subject">Its name.</param>
/// <param name="MinimumSvn">The lowest version admitted.</param>
/// <param name="AllowedLedgers">Services of it that count; <c>*</c>: all of them.</param>
public sealed record TrustListReference(string Issuer, string Subject, SecurityVersion MinimumSvn, ImmutableArray<string> AllowedLedgers)
{
    /// <summary>Whether <paramref name="ledger"/> counts.</summary>
    public bool Allows(string ledger) => AllowedLedgers.Contains("*") || AllowedLedgers.Contains(ledger);
}
