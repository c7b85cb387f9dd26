using Orchestrator.Containers.Patterns;
using Orchestrator.Containers.Patterns.Sets;

namespace Orchestrator.Containers.Policies;

/// <summary>A text that a policy permits: one exactly, or all that a pattern matches as a whole.</summary>
public sealed class TextRule
{
    private readonly Re2Pattern? _pattern;

    private TextRule(string text, Re2Pattern? pattern)
    {
        Text = text;
        _pattern = pattern;
    }

    /// <summary>The text, or the pattern as written.</summary>
    public string Text { get; }

    /// <summary>Whether it is a pattern.</summary>
    public bool IsPattern => _pattern is not null;

    /// <summary>All that is permitted.</summary>
    internal TextSet Texts => _pattern is null ? TextSet.Exactly(Text) : TextSet.Matching(_pattern);

    /// <summary>Permits <paramref name="text"/> alone.</summary>
    public static TextRule Exactly(string text) => new(text, null);

    /// <summary>Permits what <paramref name="pattern"/> matches.</summary>
    /// <exception cref="FormatException">It is no pattern of RE2.</exception>
    public static TextRule Matching(string pattern) => new(pattern, Re2Pattern.Parse(pattern));

    /// <summary>Whether <paramref name="text"/> is permitted.</summary>
    public bool Permits(string text) => _pattern?.IsMatch(text) ?? text == Text;

    /// <summary>The text, or the pattern as written.</summary>
    public override string ToString() => Text;
}
