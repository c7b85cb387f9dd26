using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Patterns.Sets;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Proofs.Invariants;

/// <summary>Proves that a container of a policy can never be created.</summary>
internal static class Impossibility
{
    /// <summary>Why <paramref name="entry"/> can never be created; null: there is no proof of it.</summary>
    public static string? Of(GroupInvariant invariant, ContainerEntry entry)
    {
        if (entry.Policy.Command.IsEmpty)
        {
            return $"{entry.Name} has no command to run";
        }

        if (entry.Policy.Environment.Any(rule => rule.Required && rule.Variables.Shortest().IsEmpty))
        {
            return $"{entry.Name} requires a variable that no text can be";
        }

        if (invariant.Policy.Flags.AllowCapabilityDropping && !IsOnceEach(entry.Capabilities) && (entry.PrivilegedCapabilities is not { } more || !IsOnceEach(more)))
        {
            return $"{entry.Name} names a capability twice, and what is left after dropping never does";
        }

        ContainerEntry[] rivals = [.. Modes(entry).Select(mode => RivalOf(invariant, entry, mode)).OfType<ContainerEntry>()];
        return rivals.Length < Modes(entry).Count()
            ? null
            : $"every request that creates {entry.Name} also fits {Words.List(rivals.Select(rival => rival.Name).Distinct())}, whose streams are treated otherwise, so that it is refused as undecidable";
    }

    /// <summary>Whether a process beside the containers can never be started, for the same reason.</summary>
    public static string? Of(ExecutionPolicy policy, StartBeside entry)
    {
        if (entry.Process.Environment.Any(rule => rule.Required && rule.Variables.Shortest().IsEmpty))
        {
            return $"{entry.Name} requires a variable that no text can be";
        }

        bool hidden = policy.ExternalProcesses.Any(other => other.AllowStdioAccess != entry.Process.AllowStdioAccess
            && other.WorkingDirectory == entry.Process.WorkingDirectory
            && other.Command.SequenceEqual(entry.Process.Command)
            && Coverage.Takes(other.Environment, entry.Process.Environment));
        return hidden ? $"every request that starts {entry.Name} also fits another whose streams are treated otherwise, so that it is refused as undecidable" : null;
    }

    private static IEnumerable<Mode> Modes(ContainerEntry entry) =>
        from privileged in entry.Policy.AllowElevated ? new[] { false, true } : [false]
        from confined in entry.Policy.NoNewPrivileges ? new[] { true } : [true, false]
        select new Mode(privileged, confined);

    private static ContainerEntry? RivalOf(GroupInvariant invariant, ContainerEntry entry, Mode mode) =>
        invariant.Containers.FirstOrDefault(other => other.Policy.AllowStdioAccess != entry.Policy.AllowStdioAccess && TakesAllOf(other, entry, mode));

    // Whether whatever creates the one in this way could just as well create the other.
    private static bool TakesAllOf(ContainerEntry other, ContainerEntry entry, Mode mode)
    {
        ContainerPolicy taker = other.Policy;
        ContainerPolicy taken = entry.Policy;
        return other.CanStandInFor(entry)
            && taker.WorkingDirectory == taken.WorkingDirectory
            && taker.SeccompProfile == taken.SeccompProfile
            && (mode.Confined || !taker.NoNewPrivileges)
            && (mode.Privileged
                ? taker.AllowElevated && other.PrivilegedCapabilities!.Matches(entry.PrivilegedCapabilities!)
                : other.Capabilities.Matches(entry.Capabilities))
            && Coverage.Takes(taker.User, taken.User)
            && entry.Mounts.All(mount => other.Mounts.Any(rule => rule.Source.Text == mount.Source.Text && Coverage.Takes(rule, mount)))
            && Coverage.Takes(taker.Environment, taken.Environment);
    }

    private static bool IsOnceEach(CapabilitySets capabilities) => capabilities.Sets.All(set => set.Distinct(StringComparer.Ordinal).Count() == set.Length);

    // How a container is asked for, where it may be either way.
    private readonly record struct Mode(bool Privileged, bool Confined);
}
