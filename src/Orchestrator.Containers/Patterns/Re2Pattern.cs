using System.Text;
using Orchestrator.Containers.Patterns.Sets;

namespace Orchestrator.Containers.Patterns;

/// <summary>
/// A regular expression in RE2's syntax that has to match a whole text. The pattern counts as one group between the ends of the text, so
/// that <c>A|B</c> matches neither <c>A;x</c> nor <c>x;B</c>, and <c>$</c> is the very end. Matching takes time in the product of
/// the text's and the pattern's lengths at most.
/// </summary>
public sealed class Re2Pattern
{
    private readonly RegexProgram _program;
    private readonly Lazy<bool> _isLarge;

    private Re2Pattern(string text, RegexProgram program)
    {
        Text = text;
        _program = program;
        _isLarge = new Lazy<bool>(() => PatternAutomaton.IsLarge(this));
    }

    /// <summary>The pattern as written.</summary>
    public string Text { get; }

    /// <summary>The automaton.</summary>
    internal RegexProgram Program => _program;

    /// <summary>Whether the pattern's deterministic automaton is too large to answer questions about all texts.</summary>
    internal bool IsLarge => _isLarge.Value;

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="FormatException">It is not one; the message says why.</exception>
    public static Re2Pattern Parse(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return new Re2Pattern(pattern, RegexProgram.Compile(Re2Parser.Parse(pattern)));
    }

    /// <summary>Whether all of <paramref name="text"/> matches.</summary>
    public bool IsMatch(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var states = new StateSet(_program);
        int previous = -1;
        Rune[] runes = [.. text.EnumerateRunes()];
        states.Enter(_program.Start, new Place(previous, Following(runes, 0)));
        for (int i = 0; i < runes.Length; i++)
        {
            states.Consume(runes[i].Value, new Place(runes[i].Value, Following(runes, i + 1)));
        }

        return states.Accepts;
    }

    /// <summary>The pattern as written.</summary>
    public override string ToString() => Text;

    private static int Following(Rune[] runes, int index) => index < runes.Length ? runes[index].Value : -1;
}
