using System.Collections.Immutable;

namespace Orchestrator.Containers.Policies;

/// <summary>The five sets of capabilities(7) of a process, by their names (<c>CAP_…</c>).</summary>
public sealed record CapabilitySets(
    ImmutableArray<string> Bounding,
    ImmutableArray<string> Effective,
    ImmutableArray<string> Inheritable,
    ImmutableArray<string> Permitted,
    ImmutableArray<string> Ambient)
{
    /// <summary>None.</summary>
    public static CapabilitySets None { get; } = new([], [], [], [], []);

    /// <summary>The sets, always in the same order.</summary>
    public IEnumerable<ImmutableArray<string>> Sets => [Bounding, Effective, Inheritable, Permitted, Ambient];

    /// <summary>Capabilities over all sets.</summary>
    public int Count => Sets.Sum(set => set.Length);

    /// <summary>Of each set what <paramref name="allowed"/> has too, sorted and once each.</summary>
    public CapabilitySets Intersect(CapabilitySets allowed)
    {
        ArgumentNullException.ThrowIfNull(allowed);
        return new(
            Both(Bounding, allowed.Bounding),
            Both(Effective, allowed.Effective),
            Both(Inheritable, allowed.Inheritable),
            Both(Permitted, allowed.Permitted),
            Both(Ambient, allowed.Ambient));
    }

    /// <summary>Whether each set has as many members as <paramref name="other"/>'s, and the same ones.</summary>
    public bool Matches(CapabilitySets other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Sets.Zip(other.Sets).All(pair => pair.First.Length == pair.Second.Length && pair.First.ToHashSet(StringComparer.Ordinal).SetEquals(pair.Second));
    }

    private static ImmutableArray<string> Both(ImmutableArray<string> requested, ImmutableArray<string> allowed) =>
        [.. requested.Intersect(allowed, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
