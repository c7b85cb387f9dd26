using System.Collections.Immutable;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Fragments.Transparency;

namespace Orchestrator.Containers.Enforcement;

/// <summary>Who vouches for a fragment: services whose receipts verify with keys of the lists loaded so far, and these lists.</summary>
internal sealed class Vouchers
{
    private const string AnyService = "*";
    private const string ListPrefix = "TTL:";

    private readonly ImmutableHashSet<string> _names;

    private Vouchers(IEnumerable<string> names) => _names = names.ToImmutableHashSet(StringComparer.Ordinal);

    /// <summary>Verifies the receipts of <paramref name="fragment"/>. A receipt is judged by the keys of the service that it says it is of.</summary>
    public static Vouchers Of(GroupState state, VerifiedFragment fragment) => new(
        from receipt in fragment.Receipts
        from list in state.TrustLists
        where list.Ledgers.TryGetValue(receipt.Ledger, out ImmutableArray<LedgerKey> keys) && receipt.Vouches(fragment.StatementDigest.Span, keys)
        from name in new[] { AnyService, receipt.Ledger, ListPrefix + list.Subject }
        select name);

    /// <summary>Of the receipts that <paramref name="reference"/> demands those that are not there.</summary>
    public string[] Missing(FragmentReference reference) => [.. reference.RequiredReceipts.Where(service => !_names.Contains(service))];
}
