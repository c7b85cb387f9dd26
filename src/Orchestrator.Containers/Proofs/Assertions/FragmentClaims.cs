using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Assertions;

/// <summary>What fragments may bring, or who may sign them.</summary>
/// <param name="text">As it was put.</param>
/// <param name="kinds">What they may bring; null: not asked.</param>
/// <param name="issuers">Who may sign them; null: not asked.</param>
internal sealed class FragmentsMayOnly(string text, ImmutableHashSet<string>? kinds, ImmutableHashSet<string>? issuers) : Assertion(text)
{
    private const string Stranger = "did:x509:0:sha256:stranger";

    public override IEnumerable<Way> Ways(GroupInvariant invariant, ScriptWriter scripts) => invariant.At("load_fragment").SelectMany(permit => permit switch
    {
        LoadFragmentOf fragment => Excess(fragment.Reference).Select(words =>
            new Way($"a fragment of {fragment.Reference.Issuer}, feed {Words.Quote(fragment.Reference.Feed)}, {words}", Offer(fragment.Reference.Issuer, fragment.Reference.Feed))),

        // Where all are admitted nothing of them is remembered.
        _ => issuers is null ? Enumerable.Empty<Way>() : [new Way("load_fragment admits every fragment, and takes nothing from it", Offer(Stranger, "any"))],
    });

    public override IEnumerable<string> Remarks(GroupInvariant invariant) =>
        invariant.At("load_fragment").Any(permit => permit is Unrestricted) ? ["load_fragment admits every fragment by the policy's own words; nothing of them counts."] : [];

    public override bool IsBrokenBy(GroupInvariant invariant, Step step) => step.Request is OfferFragment offer
        && invariant.At("load_fragment").Any(permit => permit is LoadFragmentOf fragment
            ? fragment.Reference.Issuer == offer.Issuer && fragment.Reference.Feed == offer.Feed && Excess(fragment.Reference).Any()
            : issuers is not null && !issuers.Contains(offer.Issuer));

    private static IEnumerable<Script> Offer(string issuer, string feed) => ScriptWriter.Only(new OfferFragment(issuer, feed));

    private IEnumerable<string> Excess(FragmentReference reference)
    {
        if (kinds is not null)
        {
            foreach (FragmentInclude include in reference.Includes.Where(include => !kinds.Contains(FragmentReference.NameOf(include))))
            {
                yield return include == FragmentInclude.Fragments ? "may name further fragments, and these bring what they like" : $"may add {FragmentReference.NameOf(include)}";
            }
        }

        if (issuers is not null && !issuers.Contains(reference.Issuer))
        {
            yield return "may be loaded";
        }

        if (issuers is not null && reference.Includes.Contains(FragmentInclude.Fragments))
        {
            yield return "may name further fragments of other issuers";
        }
    }
}
