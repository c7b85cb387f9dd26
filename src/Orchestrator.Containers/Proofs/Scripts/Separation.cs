using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Scripts;

/// <summary>
/// Tells containers of one image apart. A request that also fits a container whose streams are treated otherwise is refused as undecidable,
/// so a script has to ask for something that the other does not permit, if there is such a thing.
/// </summary>
internal sealed class Separation(GroupInvariant invariant)
{
    /// <summary>The most requests that are looked at for one.</summary>
    private const int MaxRequests = 64;

    private const int MaxVariables = 4;

    /// <summary>The request, and others with as few changes as it takes, that no container with other streams fits; none: no such was found.</summary>
    public IEnumerable<CreateContainer> Separate(ContainerEntry entry, CreateContainer request)
    {
        ContainerEntry[] rivals = [.. RivalsOf(entry)];
        var queue = new Queue<CreateContainer>([request]);
        for (int looked = 0; looked < MaxRequests && queue.TryDequeue(out CreateContainer? next); looked++)
        {
            if (!Fits(entry, next))
            {
                continue;
            }

            if (rivals.FirstOrDefault(rival => Fits(rival, next)) is not { } rival)
            {
                yield return next;
                continue;
            }

            foreach (CreateContainer changed in Changes(entry, rival, next).Where(changed => !Fits(rival, changed)))
            {
                queue.Enqueue(changed);
            }
        }
    }

    /// <summary>Containers of the same image whose streams are treated otherwise.</summary>
    public IEnumerable<ContainerEntry> RivalsOf(ContainerEntry entry) =>
        invariant.Containers.Where(other => other.SharesImage(entry) && other.Policy.AllowStdioAccess != entry.Policy.AllowStdioAccess);

    // Asks the engine itself, of a policy with this container alone. What would be dropped for this container is not for it.
    private bool Fits(ContainerEntry entry, CreateContainer request)
    {
        GroupState state = GroupState.Initial with
        {
            Candidates = GroupState.Initial.Candidates.Add(Stage.Id, [entry.Policy]),
            Shares = GroupState.Initial.Shares.Add(Stage.Share, Stage.Id),
        };
        Decision decision = new PolicyEngine(invariant.Policy with { Containers = [entry.Policy] }, invariant.Environment).Decide(state, request);
        return decision.Allowed
            && (decision.Environment is not { } granted || granted.ToHashSet(StringComparer.Ordinal).SetEquals(request.Process.Environment))
            && (decision.Capabilities is not { } capabilities || capabilities.Matches(request.Privileges.Capabilities));
    }

    // The cheap ones first; one variable is as good as another.
    private static IEnumerable<CreateContainer> Changes(ContainerEntry entry, ContainerEntry rival, CreateContainer request) =>
        new[] { Distinctions.WithNewPrivileges(request), Samples.Privileged(entry, request) }.OfType<CreateContainer>()
            .Concat(Distinctions.Users(entry, rival).Select(user => request with { Privileges = request.Privileges with { User = user } }))
            .Concat(Distinctions.Groups(entry, rival).Select(group => request with { Privileges = request.Privileges with { Groups = request.Privileges.Groups.Add(group) } }))
            .Concat(Distinctions.Mounts(entry, rival).Select(mount => request with { Mounts = request.Mounts.Add(mount) }))
            .Concat(Distinctions.Variables(entry, rival).Take(MaxVariables).Select(variable => Distinctions.With(request, variable)));
}
