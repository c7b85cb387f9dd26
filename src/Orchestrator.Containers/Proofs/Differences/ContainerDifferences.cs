using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;
using Orchestrator.Containers.Proofs.Invariants;
using Orchestrator.Containers.Proofs.Scripts;

namespace Orchestrator.Containers.Proofs.Differences;

/// <summary>What the containers of one policy may be and do that none of another's may. Each is held against the nearest of the same layers.</summary>
internal sealed class ContainerDifferences(Prover before, Prover after)
{
    private readonly ContainerEntry[] _former = [.. before.Invariant.At("create_container").OfType<CreateFrom>().Select(create => create.Container)];
    private readonly bool _createsAnything = before.Invariant.At("create_container").Any(permit => permit is Unrestricted);

    /// <summary>The differences of every container.</summary>
    public IEnumerable<Candidate> All() => after.Invariant.At("create_container").OfType<CreateFrom>().SelectMany(create => Of(create.Container));

    private IEnumerable<Candidate> Of(ContainerEntry entry)
    {
        if (_createsAnything)
        {
            return Streams(entry).Concat(new ProcessesInside(before, after).Of(entry, null));
        }

        ContainerEntry[] sameImage = [.. _former.Where(old => old.SharesImage(entry))];
        if (sameImage.Length == 0)
        {
            return [new Candidate($"{entry.Name} may be created", after.Scripts.Create(entry))];
        }

        Candidate[] differences = sameImage.Select(old => Between(old, entry).ToArray()).MinBy(found => found.Length)!;
        return differences.Length > 0 ? differences : sameImage.Where(old => !Between(old, entry).Any()).All(old => IsHidden(old, entry))
            ? [new Candidate($"{entry.Name} may be created, where it could not be told from others", after.Scripts.Create(entry))]
            : [];
    }

    private IEnumerable<Candidate> Streams(ContainerEntry entry) =>
        entry.Policy.AllowStdioAccess && !before.Invariant.At("create_container").Any(permit => permit is Unrestricted { OpensStreams: true })
            ? [new Candidate($"the host gets the streams of {entry.Name}", after.Scripts.Create(entry))] : [];

    private IEnumerable<Candidate> Between(ContainerEntry old, ContainerEntry entry) =>
        Creation(old, entry).Concat(Rules(old, entry)).Concat(new ProcessesInside(before, after).Of(entry, old));

    private IEnumerable<Candidate> Creation(ContainerEntry old, ContainerEntry entry)
    {
        ContainerPolicy was = old.Policy;
        ContainerPolicy now = entry.Policy;
        (bool Differs, string Words, Func<CreateContainer, CreateContainer?>? Change)[] aspects =
        [
            (!was.Command.SequenceEqual(now.Command), $"runs {Words.Command(now.Command)}", null),
            (was.WorkingDirectory != now.WorkingDirectory, $"runs in {now.WorkingDirectory}", null),
            (was.SeccompProfile != now.SeccompProfile, now.SeccompProfile.Length == 0 ? "has no seccomp profile" : $"has the seccomp profile {Words.Hash(now.SeccompProfile)}", null),
            (!old.Capabilities.Matches(entry.Capabilities), $"has {Capabilities(entry.Capabilities)} instead of {Capabilities(old.Capabilities)}", null),
            (now.AllowElevated && !was.AllowElevated, "may be privileged", request => request.Privileged ? request : null),
            (now.AllowElevated && was.AllowElevated && !old.PrivilegedCapabilities!.Matches(entry.PrivilegedCapabilities!), "has other capabilities where it is privileged", request => request.Privileged ? request : null),
            (was.NoNewPrivileges && !now.NoNewPrivileges, "may gain privileges", Distinctions.WithNewPrivileges),
            (now.AllowStdioAccess && !was.AllowStdioAccess, "opens its streams to the host", null),
            (was.User.Umask != now.User.Umask, $"has the umask {now.User.Umask}", null),
        ];
        return aspects.Where(aspect => aspect.Differs).Select(aspect => new Candidate($"{entry.Name} {aspect.Words}", after.Scripts.Create(entry, aspect.Change)));
    }

    private IEnumerable<Candidate> Rules(ContainerEntry old, ContainerEntry entry)
    {
        foreach (EnvironmentRule rule in entry.Policy.Environment.Where(rule => !Coverage.Stranger(rule, old.Policy.Environment).IsEmpty))
        {
            string? stranger = Coverage.Stranger(rule, old.Policy.Environment).Text;
            yield return new Candidate(
                $"{entry.Name} may get variables like {(stranger is null ? "those of a rule that is too large to compare" : Words.Quote(stranger))}",
                stranger is null ? [] : after.Scripts.Create(entry, request => Distinctions.With(request, stranger)));
        }

        foreach (EnvironmentRule needed in old.Policy.Environment.Where(rule => rule.Required && !Coverage.Requires(entry.Policy.Environment, rule)))
        {
            yield return new Candidate($"{entry.Name} may start without a variable that was required, such as {Words.Quote(needed.Variables.Shortest().Text ?? "")}", after.Scripts.Create(entry));
        }

        foreach (MountRule mount in entry.Mounts.Where(mount => !old.Mounts.Any(known => Coverage.Takes(known, mount))))
        {
            IEnumerable<Script> attempts = Distinctions.Mounts(entry with { Mounts = [mount] }, old).SelectMany(asked => after.Scripts.Create(entry, request => request with { Mounts = [asked] }));
            yield return new Candidate($"{entry.Name} may mount {Words.Quote(mount.Source.Text)} at {mount.Destination} ({string.Join(',', mount.Options)})", attempts);
        }

        if (!Coverage.Takes([old.Policy.User.User], entry.Policy.User.User))
        {
            yield return new Candidate($"{entry.Name} may run as other users", Distinctions.Users(entry, old)
                .SelectMany(user => after.Scripts.Create(entry, request => request with { Privileges = request.Privileges with { User = user } })));
        }

        if (!entry.Policy.User.Groups.All(group => Coverage.Takes(old.Policy.User.Groups, group)))
        {
            yield return new Candidate($"{entry.Name} may have other groups", Distinctions.Groups(entry, old)
                .SelectMany(group => after.Scripts.Create(entry, request => request with { Privileges = request.Privileges with { Groups = [group] } })));
        }
    }

    // A container that the old policy could not tell from one of other streams was refused. It counts as known if the new one cannot tell it either.
    private bool IsHidden(ContainerEntry old, ContainerEntry entry) => before.Invariant.Containers
        .Where(rival => rival.SharesImage(old) && rival.Policy.AllowStdioAccess != old.Policy.AllowStdioAccess)
        .Any(rival => !after.Invariant.Containers.Any(still => still.Policy.AllowStdioAccess != entry.Policy.AllowStdioAccess && still.SharesImage(entry)
            && !Creation(still, rival).Concat(Rules(still, rival)).Any()));

    private static string Capabilities(CapabilitySets capabilities)
    {
        string[] names = [.. capabilities.Sets.SelectMany(set => set.AsEnumerable()).Distinct().Order(StringComparer.Ordinal)];
        return names.Length switch
        {
            0 => "no capabilities",
            > 6 => $"{names.Length} capabilities",
            _ => Words.List(names),
        };
    }
}
