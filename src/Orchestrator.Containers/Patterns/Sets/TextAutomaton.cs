namespace Orchestrator.Containers.Patterns.Sets;

/// <summary>A set of texts as a deterministic automaton over code points, whose states are made when they are first reached.</summary>
internal abstract class TextAutomaton
{
    /// <summary>The state from which no text is in the set any more.</summary>
    public const int Dead = 0;

    /// <summary>The state before the first character.</summary>
    public abstract int Start { get; }

    /// <summary>The characters that the automaton tells apart: it treats all that are in the same of these sets alike.</summary>
    public abstract IEnumerable<CodePointSet> Distinctions { get; }

    /// <summary>The state behind <paramref name="c"/>.</summary>
    /// <exception cref="TooLargeException">There are more states than the limit.</exception>
    public abstract int Next(int state, int c);

    /// <summary>Whether a text that ends here is in the set.</summary>
    public abstract bool Accepts(int state);
}

/// <summary>Says that a question about sets of texts takes more states than the limit.</summary>
internal sealed class TooLargeException : Exception;

/// <summary>A set that nothing is decided about.</summary>
internal sealed class LargeAutomaton : TextAutomaton
{
    public override int Start => 1;

    public override IEnumerable<CodePointSet> Distinctions => [];

    public override int Next(int state, int c) => throw new TooLargeException();

    public override bool Accepts(int state) => throw new TooLargeException();
}

/// <summary>The set of one text.</summary>
internal sealed class ExactAutomaton(string text) : TextAutomaton
{
    private readonly int[] _text = [.. text.EnumerateRunes().Select(rune => rune.Value)];

    public override int Start => 1;

    public override IEnumerable<CodePointSet> Distinctions => _text.Distinct().Select(c => CodePointSet.Range(c, c));

    // State i has read i - 1 characters.
    public override int Next(int state, int c) => state != Dead && state <= _text.Length && _text[state - 1] == c ? state + 1 : Dead;

    public override bool Accepts(int state) => state == _text.Length + 1;
}
