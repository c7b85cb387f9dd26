using System.Collections.Immutable;

namespace Orchestrator.Containers.Patterns;

/// <summary>A place that a pattern can ask for without consuming a character.</summary>
internal enum Anchor
{
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordBoundary,
    NoWordBoundary,
}

/// <summary>A regular expression. Greediness is left out: it does not change which whole texts match.</summary>
internal abstract record RegexNode
{
    /// <summary>One character of a set.</summary>
    public sealed record Character(CodePointSet Set) : RegexNode;

    /// <summary>A place.</summary>
    public sealed record At(Anchor Anchor) : RegexNode;

    /// <summary>One after the other; none is the empty text.</summary>
    public sealed record Sequence(ImmutableArray<RegexNode> Parts) : RegexNode;

    /// <summary>One or the other.</summary>
    public sealed record Choice(ImmutableArray<RegexNode> Options) : RegexNode;

    /// <summary>Between <paramref name="Least"/> and <paramref name="Most"/> times; null: without limit.</summary>
    public sealed record Repeat(RegexNode Body, int Least, int? Most) : RegexNode;
}
