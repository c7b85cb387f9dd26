using System.Collections.Immutable;

namespace Orchestrator.Containers.Patterns;

/// <summary>
/// Reads a regular expression in RE2's syntax, as Go's <c>regexp</c> takes it (github.com/google/re2/wiki/Syntax). Scripts, named
/// character blocks and case folding outside ASCII are refused; everything that is not regular is no part of RE2.
/// </summary>
internal sealed class Re2Parser
{
    private const int MaxRepeat = 1000;
    private const int MaxDepth = 200;

    private readonly PatternCursor _cursor;
    private readonly Re2CharacterParser _characters;

    private Re2Parser(string pattern)
    {
        _cursor = new PatternCursor(pattern);
        _characters = new Re2CharacterParser(_cursor);
    }

    /// <summary>Parses <paramref name="pattern"/>.</summary>
    /// <exception cref="FormatException">RE2 would not take it, or it is outside what is supported; the message says what.</exception>
    public static RegexNode Parse(string pattern)
    {
        var parser = new Re2Parser(pattern);
        RegexModes modes = RegexModes.None;
        RegexNode node = parser.ReadChoice(ref modes, 0);
        return parser._cursor.More ? throw new FormatException("there is a ) without its (") : node;
    }

    // A flag group changes the modes for the rest of the enclosing group, over |.
    private RegexNode ReadChoice(ref RegexModes modes, int depth)
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
        while (_cursor.Accept('|'));
        return options.Count == 1 ? options[0] : new RegexNode.Choice(options.ToImmutable());
    }

    private RegexNode ReadSequence(ref RegexModes modes, int depth)
    {
        var parts = ImmutableArray.CreateBuilder<RegexNode>();
        while (_cursor.Peek() is not ('|' or ')' or -1))
        {
            if (ReadAtom(ref modes, depth) is { } atom)
            {
                parts.Add(ReadRepeats(atom));
            }
        }

        return parts.Count == 1 ? parts[0] : new RegexNode.Sequence(parts.ToImmutable());
    }

    // Null: a group that only sets modes.
    private RegexNode? ReadAtom(ref RegexModes modes, int depth)
    {
        int c = _cursor.Take();
        return c switch
        {
            '(' => ReadGroup(ref modes, depth),
            '[' => new RegexNode.Character(_characters.ReadClass(modes)),
            '.' => new RegexNode.Character(modes.HasFlag(RegexModes.DotMatchesNewLine) ? CodePointSet.All : CodePointSet.Range('\n', '\n').Complement()),
            '^' => new RegexNode.At(modes.HasFlag(RegexModes.MultiLine) ? Anchor.LineStart : Anchor.TextStart),
            '$' => new RegexNode.At(modes.HasFlag(RegexModes.MultiLine) ? Anchor.LineEnd : Anchor.TextEnd),
            '*' or '+' or '?' => throw new FormatException($"there is nothing that {(char)c} could repeat"),
            '\\' => ReadEscape(modes),
            _ => new RegexNode.Character(Re2CharacterParser.Fold(CodePointSet.Range(c, c), modes)),
        };
    }

    private RegexNode? ReadGroup(ref RegexModes modes, int depth)
    {
        RegexModes inner = modes;
        if (_cursor.Accept('?'))
        {
            if (_cursor.Peek() is 'P' or '<')
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
        return _cursor.Accept(')') ? body : throw new FormatException("there is a ( without its )");
    }

    // P<name> or <name>.
    private void ReadGroupName()
    {
        _cursor.Accept('P');
        bool opened = _cursor.Accept('<');
        int start = _cursor.Position;
        while (_cursor.Peek() is >= 0 and < 128 and { } c && (char.IsAsciiLetterOrDigit((char)c) || c == '_'))
        {
            _cursor.Take();
        }

        if (!opened || _cursor.Position == start || !_cursor.Accept('>'))
        {
            throw new FormatException("a group's name is empty or malformed; look-behind is no part of RE2");
        }
    }

    // True: the group has a body after ':'.
    private bool ReadFlags(ref RegexModes modes)
    {
        bool set = true;
        int read = 0;
        while (_cursor.More)
        {
            int c = _cursor.Take();
            RegexModes flag = RegexModes.None;
            switch (c)
            {
                case 'i': flag = RegexModes.FoldCase; break;
                case 'm': flag = RegexModes.MultiLine; break;
                case 's': flag = RegexModes.DotMatchesNewLine; break;
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
        for (bool repeated = false; _cursor.More; repeated = true)
        {
            int start = _cursor.Position;
            int least = 0;
            int? most = null;
            if (_cursor.Accept('?'))
            {
                most = 1;
            }
            else if (_cursor.Accept('+'))
            {
                least = 1;
            }
            else if (!_cursor.Accept('*') && !ReadCounts(out least, out most))
            {
                break;
            }

            _cursor.Accept('?');
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
        int start = _cursor.Position;
        least = 0;
        most = null;
        if (_cursor.Accept('{') && ReadCount() is { } from)
        {
            int? to = _cursor.Accept(',') ? ReadCount() : from;
            if (_cursor.Accept('}'))
            {
                if (from > MaxRepeat || to > MaxRepeat || to < from)
                {
                    throw new FormatException($"the repetition from {from} to {to} times is reversed or more than {MaxRepeat}");
                }

                (least, most) = (from, to);
                return true;
            }
        }

        _cursor.Return(start);
        return false;
    }

    private int? ReadCount()
    {
        int start = _cursor.Position;
        bool leadingZero = _cursor.Peek() == '0';
        int value = 0;
        while (_cursor.Peek() is >= '0' and <= '9')
        {
            value = Math.Min((value * 10) + _cursor.Take() - '0', MaxRepeat + 1);
        }

        int digits = _cursor.Position - start;
        return digits == 0 || (leadingZero && digits > 1) ? null : value;
    }

    private RegexNode ReadEscape(RegexModes modes)
    {
        Anchor? anchor = _cursor.Peek() switch
        {
            'A' => Anchor.TextStart,
            'z' => Anchor.TextEnd,
            'b' => Anchor.WordBoundary,
            'B' => Anchor.NoWordBoundary,
            _ => null,
        };
        if (anchor is { } place)
        {
            _cursor.Take();
            return new RegexNode.At(place);
        }

        return new RegexNode.Character(_characters.ReadEscape(modes));
    }
}
