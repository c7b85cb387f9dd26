using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Differences;

/// <summary>Differences that are of no single container.</summary>
internal static class PointDifferences
{
    /// <summary>What may newly be asked for.</summary>
    public static IEnumerable<Candidate> Of(GroupInvariant before, GroupInvariant after) =>
        EnforcementPoint.All.Keys.Order(StringComparer.Ordinal).SelectMany(point => At(point, before, after)).Concat(Flags(before.Policy.Flags, after));

    private static IEnumerable<Candidate> At(string point, GroupInvariant before, GroupInvariant after)
    {
        Permit[] former = [.. before.At(point)];
        ContainerEntry[] created = [.. after.At("create_container").OfType<CreateFrom>().Select(create => create.Container)];
        bool wasFree = former.Any(permit => permit is Unrestricted);
        foreach (Permit permit in after.At(point))
        {
            if (permit is Unrestricted free)
            {
                if (!former.Any(old => old is Unrestricted known && (known.OpensStreams || !free.OpensStreams)))
                {
                    yield return new Candidate($"{point} admits every request{(free.OpensStreams ? ", and opens streams" : "")}", GroupScripts.At(point, permit));
                }
            }
            else if (wasFree && IsRemembered(permit))
            {
                yield return new Candidate($"{point} is remembered, which it was not where every request was admitted; what depends on that may be admitted now", []);
            }
            else if (!wasFree && !IsOfContainers(permit, created) && !former.Any(old => Takes(old, permit)))
            {
                yield return new Candidate(Describe(permit), permit is StackLayers stack ? [Stage.Stack(stack.Container)] : point == "plan9_mount"
                    ? after.At("mount_overlay").OfType<StackLayers>().Select(stacked => Stage.Stack(stacked.Container).Then(Stage.MountShare())) : GroupScripts.At(point, permit));
            }
        }
    }

    private static IEnumerable<Candidate> Flags(PolicyFlags before, GroupInvariant after)
    {
        if (after.Policy.Flags.AllowEnvironmentVariableDropping && !before.AllowEnvironmentVariableDropping)
        {
            yield return new Candidate("variables that no rule permits are dropped instead of refused", []) { IsCertain = true };
        }

        if (after.Policy.Flags.AllowCapabilityDropping && !before.AllowCapabilityDropping)
        {
            yield return new Candidate("capabilities that are not permitted are dropped instead of refused", []) { IsCertain = true };
        }
    }

    // Others compare these. Layers are known with the container that they make, or new with it.
    private static bool IsOfContainers(Permit permit, ContainerEntry[] created) => permit switch
    {
        CreateFrom or StartInside or SendSignal or StartBeside or LoadFragmentOf => true,
        MountLayer layer => created.Any(entry => entry.Policy.Layers.Contains(layer.Hash)),
        StackLayers stack => created.Contains(stack.Container),
        _ => false,
    };

    private static bool IsRemembered(Permit permit) => permit is MountLayer or StackLayers or CreateFrom or MountScratchSpace or MountHostShare or Release or LoadFragmentOf;

    private static bool Takes(Permit old, Permit permit) => (old, permit) switch
    {
        (MountLayer known, MountLayer layer) => known.Hash == layer.Hash,
        (StackLayers known, StackLayers stack) => known.Container.SharesImage(stack.Container),
        (MountScratchSpace known, MountScratchSpace scratch) => known.Unencrypted || !scratch.Unencrypted,
        (MountHostShare, MountHostShare) or (FlagPermit, FlagPermit) or (Release, Release) => true,
        _ => false,
    };

    private static string Describe(Permit permit) => permit switch
    {
        MountLayer layer => $"the layer {Words.Hash(layer.Hash)} may be mounted",
        StackLayers stack => $"the layers of {stack.Container.Name} may be stacked",
        MountScratchSpace { Unencrypted: true } => $"{permit.Point} admits scratch space in the clear",
        _ => $"{permit.Point} is admitted",
    };
}
