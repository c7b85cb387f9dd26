using System.Collections.Immutable;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Proofs.Invariants;

/// <summary>A container of a policy, with what the guest adds to it.</summary>
/// <param name="Number">Its place in the policy, from 1.</param>
/// <param name="PlatformRule">The place of the platform rule that extends it, from 1; 0: there are none.</param>
/// <param name="Policy">As the policy has it, extended.</param>
/// <param name="Mounts">All that it may have: its own, the guest's, and those of containers that may be privileged.</param>
/// <param name="Capabilities">What its processes have.</param>
/// <param name="PrivilegedCapabilities">What they have if it is privileged; null: it may not be.</param>
public sealed record ContainerEntry(
    int Number, int PlatformRule, ContainerPolicy Policy, ImmutableArray<MountRule> Mounts, CapabilitySets Capabilities, CapabilitySets? PrivilegedCapabilities)
{
    /// <summary>For messages: number, label and command.</summary>
    public string Name => $"container #{Number}{(Policy.Label.Length > 0 ? $" \"{Policy.Label}\"" : "")} ({Words.Command(Policy.Command)}){(PlatformRule > 0 ? $" under platform rule #{PlatformRule}" : "")}";

    /// <summary>Reads the entries of a container: one, or one for every platform rule.</summary>
    internal static IEnumerable<ContainerEntry> Of(ContainerPolicy container, int number, ImmutableArray<PlatformRule> rules, GroupEnvironment environment) => rules.IsEmpty
        ? [Of(container, number, 0, environment)]
        : rules.Select((rule, index) => Of(rule.Extend(container), number, index + 1, environment));

    /// <summary>Whether a candidate of the engine's is this very container.</summary>
    /// <remarks>The engine extends a container by a platform rule anew each time, of the same parts.</remarks>
    public bool Is(ContainerPolicy candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        return ReferenceEquals(candidate, Policy) || (PlatformRule > 0
            && candidate with { Environment = Policy.Environment, Mounts = Policy.Mounts } == Policy
            && candidate.Environment.SequenceEqual(Policy.Environment)
            && candidate.Mounts.SequenceEqual(Policy.Mounts));
    }

    private static ContainerEntry Of(ContainerPolicy container, int number, int rule, GroupEnvironment environment)
    {
        var checks = new ContainerChecks(environment);
        return new ContainerEntry(
            number,
            rule,
            container,
            [.. container.Mounts, .. environment.DefaultMounts, .. container.AllowElevated ? environment.PrivilegedMounts : [], ContainerChecks.WritableSysfs],
            checks.CapabilitiesOf(container, false),
            container.AllowElevated ? checks.CapabilitiesOf(container, true) : null);
    }

    /// <summary>Entries of one policy are one by one; comparing all that is in them would only take time.</summary>
    public bool Equals(ContainerEntry? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => (Number, PlatformRule).GetHashCode();

    /// <summary>Whether the engine could take the root file system of one for the other's.</summary>
    public bool SharesImage(ContainerEntry other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Policy.Layers.SequenceEqual(other.Policy.Layers);
    }

    /// <summary>Whether its last state may be that of the other: same image, same command.</summary>
    public bool CanStandInFor(ContainerEntry other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return SharesImage(other) && Policy.Command.SequenceEqual(other.Policy.Command);
    }
}
