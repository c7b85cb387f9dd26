using System.Collections.Concurrent;
using System.Globalization;

namespace Orchestrator.Containers.Patterns;

/// <summary>The named classes of characters that patterns use.</summary>
internal static class UnicodeClass
{
    private static readonly ConcurrentDictionary<string, CodePointSet?> Categories = new(StringComparer.Ordinal);

    private static readonly string[] Names =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    /// <summary>A general category such as <c>Lu</c> or <c>N</c>, or <c>Any</c>; null: there is none of that name.</summary>
    public static CodePointSet? Find(string name) => Categories.GetOrAdd(name, Make);

    /// <summary>A class that POSIX names, such as <c>alpha</c>; null: there is none of that name.</summary>
    public static CodePointSet? FindAscii(string name) => name switch
    {
        "alnum" => CodePointSet.Of(('0', '9'), ('A', 'Z'), ('a', 'z')),
        "alpha" => CodePointSet.Of(('A', 'Z'), ('a', 'z')),
        "ascii" => CodePointSet.Range(0, 127),
        "blank" => CodePointSet.Of(('\t', '\t'), (' ', ' ')),
        "cntrl" => CodePointSet.Of((0, 31), (127, 127)),
        "digit" => CodePointSet.Digits,
        "graph" => CodePointSet.Range('!', '~'),
        "lower" => CodePointSet.Range('a', 'z'),
        "print" => CodePointSet.Range(' ', '~'),
        "punct" => CodePointSet.Of(('!', '/'), (':', '@'), ('[', '`'), ('{', '~')),
        "space" => CodePointSet.Of(('\t', '\r'), (' ', ' ')),
        "upper" => CodePointSet.Range('A', 'Z'),
        "word" => CodePointSet.WordCharacters,
        "xdigit" => CodePointSet.Of(('0', '9'), ('A', 'F'), ('a', 'f')),
        _ => null,
    };

    // Names stand in the order of UnicodeCategory's values. RE2 knows no unassigned characters.
    private static CodePointSet? Make(string name)
    {
        if (name == "Any")
        {
            return CodePointSet.All;
        }

        bool Belongs(UnicodeCategory category) => category != UnicodeCategory.OtherNotAssigned && Names[(int)category].StartsWith(name, StringComparison.Ordinal);
        return name.Length is 1 or 2 && Names.Any(known => known != "Cn" && known.StartsWith(name, StringComparison.Ordinal)) ? CodePointSet.OfCategories(Belongs) : null;
    }
}
