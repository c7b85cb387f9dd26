using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Patterns.Sets;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;

namespace Orchestrator.Containers.Proofs.Scripts;

/// <summary>
/// Tells containers of one image apart. A request that also fits a container whose streams are treated otherwise is refused as undecidable,
/// so a script has to ask for something that the other does not permit, if there is such a thing.
/// </summary>
internal sealed class Separation(GroupInvariant invariant)
{
    /// <summary>The most requests that are looked at for one.</summary>
    private const int MaxRequests = 200;

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

    private static IEnumerable<CreateContainer> Changes(ContainerEntry entry, ContainerEntry rival, CreateContainer request)
    {
        yield return request with { Privileges = request.Privileges with { NoNewPrivileges = false } };
        foreach (string variable in entry.Policy.Environment.Select(rule => Outside(rule, rival.Policy.Environment)).OfType<string>())
        {
            yield return request with { Process = request.Process with { Environment = request.Process.Environment.Add(variable) } };
        }

        foreach (MountRequest mount in entry.Mounts.SelectMany(rule => Mounts(rule, rival)))
        {
            yield return request with { Mounts = request.Mounts.Add(mount) };
        }

        foreach (Identity user in Identities(entry.Policy.User.User, [rival.Policy.User.User]))
        {
            yield return request with { Privileges = request.Privileges with { User = user } };
        }

        foreach (Identity group in entry.Policy.User.Groups.SelectMany(rule => Identities(rule, rival.Policy.User.Groups)))
        {
            yield return request with { Privileges = request.Privileges with { Groups = request.Privileges.Groups.Add(group) } };
        }

        if (Samples.Privileged(entry, request) is { } privileged)
        {
            yield return privileged;
        }
    }

    private static string? Outside(EnvironmentRule rule, ImmutableArray<EnvironmentRule> others) =>
        rule.Variables.Except(TextSet.AnyOf(others.Select(other => other.Variables))).Shortest().Text;

    private static IEnumerable<MountRequest> Mounts(MountRule rule, ContainerEntry rival)
    {
        TextRule? rest = RestOf(rule.Source);
        IEnumerable<TextSet> others = rival.Mounts.Select(other => RestOf(other.Source)).OfType<TextRule>().Select(other => other.Texts);
        return new[] { Samples.Mount(rule), rest is null ? null : Samples.Mount(rule, TextSet.AnyOf(others).Complement()) }.OfType<MountRequest>();
    }

    private static TextRule? RestOf(MountSource source) => source switch
    {
        MountSource.Sandbox sandbox => sandbox.Rest,
        MountSource.HugePages pages => pages.Rest,
        _ => null,
    };

    private static IEnumerable<Identity> Identities(IdentityRule rule, ImmutableArray<IdentityRule> others)
    {
        // Neither number nor name is one that policies write.
        const string Stranger = "4294967294";
        TextSet names = TextSet.AnyOf(others.Where(other => other.Strategy is IdentityStrategy.Name or IdentityStrategy.Pattern).Select(other => other.Pattern.Texts)).Complement();
        string stranger = names.Shortest().Text ?? "nobody-else";
        return rule.Strategy switch
        {
            IdentityStrategy.Any => [new Identity(Stranger, stranger)],
            IdentityStrategy.Id => [new Identity(rule.Pattern.Text, stranger)],
            _ => rule.Pattern.Texts.And(names).Shortest().Text is { } name ? [new Identity(Stranger, name)] : [new Identity(Stranger, rule.Pattern.Texts.Shortest().Text ?? "")],
        };
    }
}
