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
        return Same(Bounding, other.Bounding) && Same(Effective, other.Effective) && Same(Inheritable, other.Inheritable) && Same(Permitted, other.Permitted) && Same(Ambient, other.Ambient);
    }

    // Mostly they are written in one order.
    private static bool Same(ImmutableArray<string> one, ImmutableArray<string> other) =>
        one.Length == other.Length && (one.AsSpan().SequenceEqual(other.AsSpan()) || one.ToHashSet(StringComparer.Ordinal).SetEquals(other));

    private static ImmutableArray<string> Both(ImmutableArray<string> requested, ImmutableArray<string> allowed) =>
        [.. requested.Intersect(allowed, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
