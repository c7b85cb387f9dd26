using System.Collections.Immutable;
using Orchestrator.Containers.Fragments;
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
        ImmutableArray<FragmentReference> admitting = [.. fitting.Where(reference => fragment.Module.Svn.Reaches(reference.MinimumSvn) == true && Missing(reference, fragment).Length == 0)];
        if (admitting.IsEmpty)
        {
            Explain(reasons, fitting, fragment);
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

    private static void Explain(Reasons reasons, ImmutableArray<FragmentReference> fitting, VerifiedFragment fragment)
    {
        foreach (FragmentReference reference in fitting)
        {
            bool? reaches = fragment.Module.Svn.Reaches(reference.MinimumSvn);
            reasons.Require(reaches is not null, "fragment svn and the specified minimum are different types");
            reasons.Require(reaches is not false, "fragment svn is below the specified minimum");
            foreach (string service in Missing(reference, fragment))
            {
                reasons.Require(false, $"missing receipt from {service}");
            }
        }
    }

    private static string[] Missing(FragmentReference reference, VerifiedFragment fragment) =>
        [.. reference.RequiredReceipts.Where(service => service == "*" ? fragment.Receipts.IsEmpty : !fragment.Receipts.Contains(service))];
}
