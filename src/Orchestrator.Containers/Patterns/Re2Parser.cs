using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Orchestrator.Containers.Patterns;

/// <summary>
/// Reads a regular expression in RE2's syntax, as Go's <c>regexp</c> takes it (github.com/google/re2/wiki/Syntax). Scripts, named
/// character blocks and case folding outside ASCII are refused; everything that is not regular is no part of RE2.
/// </summary>
internal sealed class Re2Parser
{
    private const int MaxRepeat = 1000;
    private const int MaxDepth = 200;

    private readonly int[] _pattern;
    private int _next;

    private Re2Parser(string pattern) => _pattern = [.. Unquote([.. pattern.EnumerateRunes().Select(rune => rune.Value)])];

    [Flags]
    private enum Modes
    {
        None = 0,
        FoldCase = 1,
        MultiLine = 2,
        DotMatchesNewLine = 4,
    }

    /// <summary>Parses <paramref name="pattern"/>.</summary>
    /// <exception cref="FormatException">RE2 would not take it, or it is outside what is supported; the message says what.</exception>
    public static RegexNode Parse(string pattern)
    {
        var parser = new Re2Parser(pattern);
        Modes modes = Modes.None;
        RegexNode node = parser.ReadChoice(ref modes, 0);
        return parser._next == parser._pattern.Length ? node : throw new FormatException("there is a ) without its (");
    }

    private bool More => _next < _pattern.Length;

    // \Q…\E stands for its characters one by one, so that a repetition behind it repeats the last of them.
    private static IEnumerable<int> Unquote(int[] pattern)
    {
        bool quoted = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            int following = i + 1 < pattern.Length ? pattern[i + 1] : -1;
            if (pattern[i] == '\\' && following == (quoted ? 'E' : 'Q'))
            {
                quoted = !quoted;
                i++;
            }
            else if (quoted && pattern[i] < 128 && !char.IsAsciiLetterOrDigit((char)pattern[i]))
            {
                yield return '\\';
                yield return pattern[i];
            }
            else
            {
                yield return pattern[i];
                if (!quoted && pattern[i] == '\\' && following >= 0)
                {
                    yield return pattern[++i];
                }
            }
        }
    }

    // A flag group changes the modes for the rest of the enclosing group, over |.
    private RegexNode ReadChoice(ref Modes modes, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new FormatException($"more than {MaxDepth} groups stand within each other");
        }

        var options = ImmutableArray.CreateBuilder<RegexNode>();
        do
        {
            options.Add(ReadSequence(ref modes, depth));
        }
        while (Accept('|'));
        return options.Count == 1 ? options[0] : new RegexNode.Choice(options.ToImmutable());
    }

    private RegexNode ReadSequence(ref Modes modes, int depth)
    {
        var parts = ImmutableArray.CreateBuilder<RegexNode>();
        while (More && _pattern[_next] is not ('|' or ')'))
        {
            if (ReadAtom(ref modes, depth) is { } atom)
            {
                parts.Add(ReadRepeats(atom));
            }
        }

        return parts.Count == 1 ? parts[0] : new RegexNode.Sequence(parts.ToImmutable());
    }

    // Null: a group that only sets modes.
    private RegexNode? ReadAtom(ref Modes modes, int depth)
    {
        int c = _pattern[_next++];
        switch (c)
        {
            case '(':
                return ReadGroup(ref modes, depth);
            case '[':
                return new RegexNode.Character(ReadClass(modes));
            case '.':
                return new RegexNode.Character(modes.HasFlag(Modes.DotMatchesNewLine) ? CodePointSet.All : CodePointSet.Range('\n', '\n').Complement());
            case '^':
                return new RegexNode.At(modes.HasFlag(Modes.MultiLine) ? Anchor.LineStart : Anchor.TextStart);
            case '$':
                return new RegexNode.At(modes.HasFlag(Modes.MultiLine) ? Anchor.LineEnd : Anchor.TextEnd);
            case '*' or '+' or '?':
                throw new FormatException($"there is nothing that {(char)c} could repeat");
            case '\\':
                return ReadEscape(modes);
            default:
                return Literal(c, modes);
        }
    }

    private RegexNode? ReadGroup(ref Modes modes, int depth)
    {
        Modes inner = modes;
        if (Accept('?'))
        {
            if (Accept('P') | Accept('<'))
            {
                ReadGroupName();
            }
            else if (!ReadFlags(ref inner))
            {
                modes = inner;
                return null;
            }
        }

        RegexNode body = ReadChoice(ref inner, depth + 1);
        return Accept(')') ? body : throw new FormatException("there is a ( without its )");
    }

    private void ReadGroupName()
    {
        if (_pattern[_next - 1] == 'P' && !Accept('<'))
        {
            throw new FormatException("after (?P there is no <name>");
        }

        int start = _next;
        while (More && _pattern[_next] < 128 && (char.IsAsciiLetterOrDigit((char)_pattern[_next]) || _pattern[_next] == '_'))
        {
            _next++;
        }

        if (_next == start || !Accept('>'))
        {
            throw new FormatException("a group's name is empty or malformed; look-behind is no part of RE2");
        }
    }

    // True: the group has a body after ':'.
    private bool ReadFlags(ref Modes modes)
    {
        bool set = true;
        int read = 0;
        while (More)
        {
            int c = _pattern[_next++];
            Modes flag = Modes.None;
            switch (c)
            {
                case 'i': flag = Modes.FoldCase; break;
                case 'm': flag = Modes.MultiLine; break;
                case 's': flag = Modes.DotMatchesNewLine; break;
                case 'U': break;
                case '-' when set: set = false; read = 0; continue;
                case ':' or ')' when set || read > 0: return c == ':';
                default: throw new FormatException("a group begins with (? and no flag of RE2; look-around is no part of it");
            }

            read++;
            modes = set ? modes | flag : modes & ~flag;
        }

        throw new FormatException("there is a ( without its )");
    }

    private RegexNode ReadRepeats(RegexNode atom)
    {
        RegexNode node = atom;
        for (bool repeated = false; More; repeated = true)
        {
            int start = _next;
            int least = 0;
            int? most = null;
            if (Accept('?'))
            {
                most = 1;
            }
            else if (Accept('+'))
            {
                least = 1;
            }
            else if (!Accept('*') && !ReadCounts(out least, out most))
            {
                break;
            }

            Accept('?');
            if (repeated)
            {
                throw new FormatException($"a repetition is repeated at character {start + 1}");
            }

            node = new RegexNode.Repeat(node, least, most);
        }

        return node;
    }

    // {n}, {n,}, {n,m}; anything else that begins with { is literal.
    private bool ReadCounts(out int least, out int? most)
    {
        int start = _next;
        least = 0;
        most = null;
        if (Accept('{') && ReadCount() is { } from)
        {
            int? to = from;
            bool closed = true;
            if (Accept(','))
            {
                to = ReadCount();
            }

            closed = Accept('}');
            if (closed)
            {
                if (from > MaxRepeat || to > MaxRepeat || to < from)
                {
                    throw new FormatException($"the repetition from {from} to {to} times is reversed or more than {MaxRepeat}");
                }

                (least, most) = (from, to);
                return true;
            }
        }

        _next = start;
        return false;
    }

    private int? ReadCount()
    {
        int start = _next;
        int value = 0;
        while (More && _pattern[_next] is >= '0' and <= '9')
        {
            value = Math.Min((value * 10) + _pattern[_next++] - '0', MaxRepeat + 1);
        }

        bool leadingZero = _next - start > 1 && _pattern[start] == '0';
        return _next == start || leadingZero ? null : value;
    }

    private RegexNode ReadEscape(Modes modes)
    {
        if (!More)
        {
            throw new FormatException("the pattern ends with a backslash");
        }

        switch (_pattern[_next])
        {
            case 'A': _next++; return new RegexNode.At(Anchor.TextStart);
            case 'z': _next++; return new RegexNode.At(Anchor.TextEnd);
            case 'b': _next++; return new RegexNode.At(Anchor.WordBoundary);
            case 'B': _next++; return new RegexNode.At(Anchor.NoWordBoundary);
        }

        return ReadClassEscape(modes) is { } set ? new RegexNode.Character(set) : Literal(ReadCharacterEscape(), modes);
    }

    // \d \s \w \p and their complements; null, with nothing read: another escape.
    private CodePointSet? ReadClassEscape(Modes modes)
    {
        int kind = _pattern[_next];
        CodePointSet? set = kind switch
        {
            'd' or 'D' => CodePointSet.Digits,
            's' or 'S' => CodePointSet.Blanks,
            'w' or 'W' => CodePointSet.WordCharacters,
            'p' or 'P' => CodePointSet.Of(),
            _ => null,
        };
        if (set is null)
        {
            return null;
        }

        _next++;
        bool complement = kind is 'D' or 'S' or 'W' or 'P';
        if (kind is 'p' or 'P')
        {
            set = Fold(ReadUnicodeClass(ref complement), modes);
        }

        return complement ? set.Complement() : set;
    }

    private CodePointSet ReadUnicodeClass(ref bool complement)
    {
        var name = new StringBuilder();
        if (Accept('{'))
        {
            complement ^= Accept('^');
            while (More && _pattern[_next] != '}')
            {
                name.Append(new Rune(_pattern[_next++]));
            }

            if (!Accept('}'))
            {
                throw new FormatException("after \\p{ there is no }");
            }
        }
        else if (More)
        {
            name.Append(new Rune(_pattern[_next++]));
        }

        return UnicodeClass.Find(name.ToString()) ?? throw new FormatException($"\\p{{{name}}} is no general category of Unicode; scripts are not supported");
    }

    private int ReadCharacterEscape()
    {
        int c = _pattern[_next++];
        switch (c)
        {
            case 'a': return '\a';
            case 'f': return '\f';
            case 't': return '\t';
            case 'n': return '\n';
            case 'r': return '\r';
            case 'v': return '\v';
            case 'x': return ReadHex();
            case >= '1' and <= '7' when !(More && _pattern[_next] is >= '0' and <= '7'):
                throw new FormatException($"\\{(char)c} would be a back-reference, which is no part of RE2");
            case >= '0' and <= '7': return ReadOctal(c - '0');
            case < 128 when !char.IsAsciiLetterOrDigit((char)c): return c;
            default: throw new FormatException($"\\{new Rune(c)} is no escape sequence of RE2");
        }
    }

    private int ReadOctal(int value)
    {
        for (int digits = 1; digits < 3 && More && _pattern[_next] is >= '0' and <= '7'; digits++)
        {
            value = (value * 8) + _pattern[_next++] - '0';
        }

        return value;
    }

    private int ReadHex()
    {
        bool braces = Accept('{');
        var digits = new StringBuilder();
        while (More && _pattern[_next] < 128 && char.IsAsciiHexDigit((char)_pattern[_next]) && digits.Length < (braces ? 8 : 2))
        {
            digits.Append((char)_pattern[_next++]);
        }

        bool complete = braces ? digits.Length > 0 && Accept('}') : digits.Length == 2;
        return complete && int.TryParse(digits.ToString(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) && value is >= 0 and <= CodePointSet.Last
            ? value
            : throw new FormatException("after \\x there are no two digits, and no {…} with a code point of Unicode");
    }

    private CodePointSet ReadClass(Modes modes)
    {
        bool complement = Accept('^');
        var set = CodePointSet.Of();
        for (bool first = true; first || !Accept(']'); first = false)
        {
            if (!More)
            {
                throw new FormatException("there is a [ without its ]");
            }

            set = set.Union(ReadClassItem(modes));
        }

        set = Fold(set, modes);
        return complement ? set.Complement() : set;
    }

    private CodePointSet ReadClassItem(Modes modes)
    {
        if (_pattern[_next] == '[' && _next + 1 < _pattern.Length && _pattern[_next + 1] == ':')
        {
            return ReadNamedClass();
        }

        if (_pattern[_next] == '\\' && _next + 1 < _pattern.Length)
        {
            _next++;
            if (ReadClassEscape(modes) is { } set)
            {
                return set;
            }

            _next--;
        }

        int first = ReadClassCharacter();
        int last = first;
        if (_next + 1 < _pattern.Length && _pattern[_next] == '-' && _pattern[_next + 1] != ']')
        {
            _next++;
            last = ReadClassCharacter();
        }

        return first <= last ? CodePointSet.Range(first, last) : throw new FormatException("a range of characters is reversed");
    }

    private int ReadClassCharacter()
    {
        int c = _pattern[_next++];
        if (c != '\\')
        {
            return c;
        }

        return More ? ReadCharacterEscape() : throw new FormatException("the pattern ends with a backslash");
    }

    private CodePointSet ReadNamedClass()
    {
        _next += 2;
        bool complement = Accept('^');
        var name = new StringBuilder();
        while (More && _pattern[_next] != ':')
        {
            name.Append(new Rune(_pattern[_next++]));
        }

        if (!Accept(':') || !Accept(']') || UnicodeClass.FindAscii(name.ToString()) is not { } set)
        {
            throw new FormatException($"[:{name}:] is no class of ASCII characters");
        }

        return complement ? set.Complement() : set;
    }

    private static RegexNode.Character Literal(int c, Modes modes) => new(Fold(CodePointSet.Range(c, c), modes));

    private static CodePointSet Fold(CodePointSet set, Modes modes)
    {
        if (!modes.HasFlag(Modes.FoldCase))
        {
            return set;
        }

        return set.Ranges.All(range => range.Last < 128) ? set.FoldCase() : throw new FormatException("(?i) is supported for characters of ASCII only");
    }

    private bool Accept(int c)
    {
        bool matches = More && _pattern[_next] == c;
        if (matches)
        {
            _next++;
        }

        return matches;
    }
}
