using System.Collections.Immutable;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Fragments.Transparency;
using Orchestrator.Containers.Policies;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Enforcement;

/// <summary>
/// The framework's rules for fragments. A fragment counts as often as it is referred to: each reference that admits it has parameters and includes of
/// its own. What it adds is for containers mounted later; what a container can be never grows.
/// </summary>
internal sealed class FragmentEnforcement(ExecutionPolicy policy)
{
    /// <summary>Uses of fragments in one group, so that fragments that refer to themselves come to an end.</summary>
    public const int MaxLoaded = 1024;

    private readonly Permissions _permissions = new(policy);

    public Decision Offer(GroupState state, OfferFragment request) => Known(state, request.Issuer, request.Feed).Decide(state, () => state);

    public Decision Load(GroupState state, LoadFragment request)
    {
        VerifiedFragment fragment = request.Fragment;
        Reasons reasons = Known(state, fragment.Issuer, fragment.Feed);
        ImmutableArray<FragmentReference> fitting = [.. ReferencesTo(state, fragment.Issuer, fragment.Feed)];
        Vouchers vouchers = Vouchers.Of(state, fragment);
        ImmutableArray<FragmentReference> admitting = [.. fitting.Where(reference => fragment.Module.Svn.Reaches(reference.MinimumSvn) == true && vouchers.Missing(reference).Length == 0)];
        if (admitting.IsEmpty)
        {
            Explain(reasons, fitting, fragment, vouchers);
            return reasons.Refuse(state);
        }

        try
        {
            LoadedFragment[] uses = [.. admitting.Where(reference => !IsLoaded(state, reference, fragment)).Select(reference => new LoadedFragment(reference, fragment.Digest, fragment.Module.Svn, fragment.Module.Permit(reference)))];
            return reasons.Require(state.Fragments.Length + uses.Length <= MaxLoaded, "too many fragments").Decide(state, () => state with { Fragments = state.Fragments.AddRange(uses) });
        }
        catch (OrchestratorException e)
        {
            return reasons.Require(false, $"invalid fragment: {e.Message}").Refuse(state);
        }
    }

    // Of a list only the services that the policy allows are remembered; a newer list adds to an older one.
    public Decision Load(GroupState state, LoadTrustList request)
    {
        VerifiedTrustList list = request.List;
        ImmutableArray<TrustListReference> fitting = [.. policy.TrustLists.Where(reference => reference.Issuer == list.Issuer && reference.Subject == list.Subject)];
        ImmutableArray<TrustListReference> admitting = [.. fitting.Where(reference => list.Svn.Reaches(reference.MinimumSvn) == true)];
        return new Reasons()
            .Require(!fitting.IsEmpty, "invalid transparency trust list issuer or subject")
            .Require(fitting.IsEmpty || !admitting.IsEmpty, "transparency trust list svn is below the specified minimum")
            .Require(state.TrustLists.Length < MaxLoaded, "too many transparency trust lists")
            .Decide(state, () => state.TrustLists.Any(loaded => loaded.Digest == list.Digest) ? state : state with
            {
                TrustLists = state.TrustLists.Add(new LoadedTrustList(list.Subject, list.Digest, list.Ledgers.Where(ledger => admitting.Any(reference => reference.Allows(ledger.Key))).ToImmutableDictionary(StringComparer.Ordinal))),
            });
    }

    private Reasons Known(GroupState state, string issuer, string feed)
    {
        bool issuerKnown = _permissions.Fragments(state).Any(reference => reference.Issuer == issuer);
        return new Reasons()
            .Require(issuerKnown, "invalid fragment issuer")
            .Require(!issuerKnown || ReferencesTo(state, issuer, feed).Any(), "invalid fragment feed");
    }

    private IEnumerable<FragmentReference> ReferencesTo(GroupState state, string issuer, string feed) =>
        _permissions.Fragments(state).Where(reference => reference.Issuer == issuer && reference.Feed == feed);

    // The same fragment under the same reference adds nothing new.
    private static bool IsLoaded(GroupState state, FragmentReference reference, VerifiedFragment fragment) =>
        state.Fragments.Any(loaded => ReferenceEquals(loaded.Reference, reference) && loaded.Digest == fragment.Digest);

    private static void Explain(Reasons reasons, ImmutableArray<FragmentReference> fitting, VerifiedFragment fragment, Vouchers vouchers)
    {
        foreach (FragmentReference reference in fitting)
        {
            bool? reaches = fragment.Module.Svn.Reaches(reference.MinimumSvn);
            reasons.Require(reaches is not null, "fragment svn and the specified minimum are different types");
            reasons.Require(reaches is not false, "fragment svn is below the specified minimum");
            foreach (string service in vouchers.Missing(reference))
            {
                reasons.Require(false, $"missing receipt from {service}");
            }
        }
    }
}
