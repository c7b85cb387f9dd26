using System.Collections.Immutable;
using Orchestrator.Containers.Policies;

namespace Orchestrator.Containers.Enforcement;

/// <summary>
/// The steps that leave, of what a process could be, what it can still be. Each also settles what the process gets; null or an empty list
/// means that nothing fits, or that the candidates leave it undecided.
/// </summary>
internal sealed class Narrowing(PolicyFlags flags)
{
    /// <summary>The variables that the process gets; null: the candidates disagree on what to drop.</summary>
    /// <remarks>With dropping on, the largest set that a candidate permits, if all of that size are the same.</remarks>
    public ImmutableArray<string>? SettleEnvironment(IEnumerable<ImmutableArray<EnvironmentRule>> candidates, ImmutableArray<string> requested)
    {
        if (!flags.AllowEnvironmentVariableDropping)
        {
            return requested;
        }

        ImmutableArray<string>[] permitted =
        [
            .. candidates.Select(rules => requested.Where(variable => rules.Any(rule => rule.Permits(variable))).Distinct().Order(StringComparer.Ordinal).ToImmutableArray()),
        ];
        ImmutableArray<string>[] largest = Largest(permitted, set => set.Length);
        return largest.All(set => set.SequenceEqual(largest[0])) ? largest[0] : null;
    }

    /// <summary>The capabilities that the process gets; null: the candidates disagree on what to drop.</summary>
    public CapabilitySets? SettleCapabilities(IEnumerable<CapabilitySets> candidates, CapabilitySets requested)
    {
        if (!flags.AllowCapabilityDropping)
        {
            return requested;
        }

        CapabilitySets[] largest = Largest([.. candidates.Select(requested.Intersect)], sets => sets.Count);
        return largest.All(sets => sets.Matches(largest[0])) ? largest[0] : null;
    }

    /// <summary>Whether every variable is permitted and every required one is there.</summary>
    public static bool Admits(ImmutableArray<EnvironmentRule> rules, ImmutableArray<string> variables) =>
        rules.All(rule => !rule.Required || variables.Any(rule.Permits)) && variables.All(variable => rules.Any(rule => rule.Permits(variable)));

    private static T[] Largest<T>(T[] sets, Func<T, int> size) => [.. sets.Where(set => size(set) == sets.Max(size))];
}
