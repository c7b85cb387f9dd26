using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Fragments;
using Orchestrator.Containers.Policies.Writing;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Differences;

/// <summary>Fragments that a policy newly lets in, or lets bring more.</summary>
internal static class FragmentDifferences
{
    /// <summary>The differences.</summary>
    public static IEnumerable<Candidate> Of(GroupInvariant before, GroupInvariant after)
    {
        FragmentReference[] known = [.. before.At("load_fragment").OfType<LoadFragmentOf>().Select(load => load.Reference)];
        foreach (FragmentReference reference in after.At("load_fragment").OfType<LoadFragmentOf>().Select(load => load.Reference))
        {
            if (!known.Any(old => Takes(old, reference)))
            {
                yield return new Candidate(
                    $"fragments of {reference.Issuer}, feed {Words.Quote(reference.Feed)}, svn at least {reference.MinimumSvn}, may add {Words.List(reference.Includes.Select(FragmentReference.NameOf))}",
                    ScriptWriter.Only(new OfferFragment(reference.Issuer, reference.Feed)))
                {
                    IsCertain = true,
                };
            }
        }
    }

    // Other parameters may make anything of a fragment.
    private static bool Takes(FragmentReference old, FragmentReference reference) => Text(old) == Text(reference)
        || (old.Issuer == reference.Issuer
            && old.Feed == reference.Feed
            && reference.MinimumSvn.Reaches(old.MinimumSvn) == true
            && reference.Includes.All(old.Includes.Contains)
            && old.RequiredReceipts.All(reference.RequiredReceipts.Contains)
            && old.Parameters.IsEmpty
            && reference.Parameters.IsEmpty);

    private static string Text(FragmentReference reference) => NodePrinter.Line(PolicyEncoder.Encode(reference), ":", ",");
}
