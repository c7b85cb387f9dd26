using FsCheck;
using FsCheck.Fluent;

namespace Orchestrator.Containers.Tests.Patterns;

/// <summary>
/// A pattern with what it means: where a match that begins at a place of a text can end. Slow and plain, so that it can be trusted; .NET's own
/// engines cannot serve, as they say no to the empty text for patterns such as <c>(?:(?:ab)+|){2,}</c>.
/// </summary>
/// <param name="Text">As it is written.</param>
/// <param name="Ends">Of a text: for every place in it, where a match that begins there can end.</param>
public sealed record DefinedPattern(string Text, Func<string, HashSet<int>[]> Ends)
{
    private static readonly DefinedPattern[] Atoms =
    [
        Character("a", c => c == 'a'),
        Character("b", c => c == 'b'),
        Character("1", c => c == '1'),
        Character(".", c => c != '\n'),
        Character("[ab]", c => c is 'a' or 'b'),
        Character("[^a]", c => c != 'a'),
        Character(@"\d", char.IsAsciiDigit),
        Atom("ab", (text, at) => string.CompareOrdinal(text, at, "ab", 0, 2) == 0 ? at + 2 : null),
        Atom("(?:)", (_, at) => at),
        Atom("^", (_, at) => at == 0 ? at : null),
        Atom("$", (text, at) => at == text.Length ? at : null),
    ];

    private static readonly (string Text, int Least, int Most)[] Repetitions =
        [("*", 0, int.MaxValue), ("+", 1, int.MaxValue), ("?", 0, 1), ("{2}", 2, 2), ("{1,3}", 1, 3), ("{2,}", 2, int.MaxValue), ("*?", 0, int.MaxValue)];

    /// <summary>Any pattern of so many levels at the most.</summary>
    public static Gen<DefinedPattern> Any(int depth)
    {
        if (depth == 0)
        {
            return Gen.Elements(Atoms);
        }

        Gen<DefinedPattern> inner = Any(depth - 1);
        return Gen.OneOf(
            Gen.Elements(Atoms),
            from left in inner from right in inner select new DefinedPattern(left.Text + right.Text, text => Follow(left.Ends(text), right.Ends(text))),
            from left in inner from right in inner select new DefinedPattern($"(?:{left.Text}|{right.Text})", text => [.. left.Ends(text).Zip(right.Ends(text), (one, other) => one.Union(other).ToHashSet())]),
            from body in inner from repetition in Gen.Elements(Repetitions) select Repeat(body, repetition.Text, repetition.Least, repetition.Most));
    }

    /// <summary>Whether the whole text matches.</summary>
    public bool IsMatch(string text) => Ends(text)[0].Contains(text.Length);

    /// <summary>The pattern.</summary>
    public override string ToString() => Text;

    private static DefinedPattern Character(string text, Func<char, bool> belongs) => Atom(text, (whole, at) => at < whole.Length && belongs(whole[at]) ? at + 1 : null);

    private static DefinedPattern Atom(string text, Func<string, int, int?> end) =>
        new(text, whole => [.. Enumerable.Range(0, whole.Length + 1).Select(at => end(whole, at) is { } place ? new HashSet<int> { place } : [])]);

    private static HashSet<int>[] Follow(HashSet<int>[] first, HashSet<int>[] second) => [.. first.Select(ends => ends.SelectMany(end => second[end]).ToHashSet())];

    // Beyond the least number every repetition that is worth it takes a character.
    private static DefinedPattern Repeat(DefinedPattern body, string repetition, int least, int most) => new($"(?:{body.Text}){repetition}", text =>
    {
        HashSet<int>[] once = body.Ends(text);
        HashSet<int>[] exactly = [.. once.Select((_, at) => new HashSet<int> { at })];
        HashSet<int>[] ends = [.. once.Select(_ => new HashSet<int>())];
        for (int count = 0; count <= Math.Min(most, least + text.Length); count++)
        {
            Array.ForEach([.. Enumerable.Range(0, count >= least ? ends.Length : 0)], at => ends[at].UnionWith(exactly[at]));
            exactly = Follow(exactly, once);
        }

        return ends;
    });
}
