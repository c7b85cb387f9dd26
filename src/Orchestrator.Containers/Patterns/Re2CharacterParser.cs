using System.Globalization;
using System.Text;

namespace Orchestrator.Containers.Patterns;

/// <summary>Reads what stands for one character in a pattern: classes and escape sequences.</summary>
internal sealed class Re2CharacterParser(PatternCursor cursor)
{
    /// <summary>The set with both cases of its letters, if the modes ask for that.</summary>
    /// <exception cref="FormatException">It has characters outside ASCII.</exception>
    public static CodePointSet Fold(CodePointSet set, RegexModes modes)
    {
        if (!modes.HasFlag(RegexModes.FoldCase))
        {
            return set;
        }

        return set.Ranges.All(range => range.Last < 128) ? set.FoldCase() : throw new FormatException("(?i) is supported for characters of ASCII only");
    }

    /// <summary>Reads what follows a backslash.</summary>
    /// <exception cref="FormatException">It is no escape sequence of RE2.</exception>
    public CodePointSet ReadEscape(RegexModes modes)
    {
        if (ReadClassEscape(modes) is { } set)
        {
            return set;
        }

        int c = ReadCharacterEscape();
        return Fold(CodePointSet.Range(c, c), modes);
    }

    /// <summary>Reads what follows a <c>[</c>.</summary>
    /// <exception cref="FormatException">It is no class of RE2.</exception>
    public CodePointSet ReadClass(RegexModes modes)
    {
        bool complement = cursor.Accept('^');
        var set = CodePointSet.Of();
        for (bool first = true; first || !cursor.Accept(']'); first = false)
        {
            if (!cursor.More)
            {
                throw new FormatException("there is a [ without its ]");
            }

            set = set.Union(ReadClassItem(modes));
        }

        set = Fold(set, modes);
        return complement ? set.Complement() : set;
    }

    private CodePointSet ReadClassItem(RegexModes modes)
    {
        if (cursor.Peek() == '[' && cursor.Peek(1) == ':')
        {
            return ReadNamedClass();
        }

        if (cursor.Peek() == '\\')
        {
            int start = cursor.Position;
            cursor.Take();
            if (ReadClassEscape(modes) is { } set)
            {
                return set;
            }

            cursor.Return(start);
        }

        int first = ReadClassCharacter();
        int last = first;
        if (cursor.Peek() == '-' && cursor.Peek(1) is not (']' or -1))
        {
            cursor.Take();
            last = ReadClassCharacter();
        }

        return first <= last ? CodePointSet.Range(first, last) : throw new FormatException("a range of characters is reversed");
    }

    private int ReadClassCharacter()
    {
        int c = cursor.Take();
        return c == '\\' ? ReadCharacterEscape() : c;
    }

    private CodePointSet ReadNamedClass()
    {
        cursor.Take();
        cursor.Take();
        bool complement = cursor.Accept('^');
        string name = ReadUntil(':');
        return cursor.Accept(':') && cursor.Accept(']') && UnicodeClass.FindAscii(name) is { } set
            ? (complement ? set.Complement() : set)
            : throw new FormatException($"[:{name}:] is no class of ASCII characters");
    }

    // \d \s \w \p and their complements; null, with nothing read: another escape.
    private CodePointSet? ReadClassEscape(RegexModes modes)
    {
        int kind = cursor.Peek();
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

        cursor.Take();
        bool complement = kind is 'D' or 'S' or 'W' or 'P';
        if (kind is 'p' or 'P')
        {
            set = Fold(ReadUnicodeClass(ref complement), modes);
        }

        return complement ? set.Complement() : set;
    }

    private CodePointSet ReadUnicodeClass(ref bool complement)
    {
        string name;
        if (cursor.Accept('{'))
        {
            complement ^= cursor.Accept('^');
            name = ReadUntil('}');
            cursor.Accept('}');
        }
        else
        {
            name = cursor.More ? new Rune(cursor.Take()).ToString() : "";
        }

        return UnicodeClass.Find(name) ?? throw new FormatException($"\\p{{{name}}} is no general category of Unicode; scripts are not supported");
    }

    private string ReadUntil(char end)
    {
        var text = new StringBuilder();
        while (cursor.More && cursor.Peek() != end)
        {
            text.Append(new Rune(cursor.Take()));
        }

        return text.ToString();
    }

    private int ReadCharacterEscape()
    {
        int c = cursor.More ? cursor.Take() : throw new FormatException("the pattern ends with a backslash");
        switch (c)
        {
            case 'a': return '\a';
            case 'f': return '\f';
            case 't': return '\t';
            case 'n': return '\n';
            case 'r': return '\r';
            case 'v': return '\v';
            case 'x': return ReadHex();
            case >= '1' and <= '7' when cursor.Peek() is not (>= '0' and <= '7'):
                throw new FormatException($"\\{(char)c} would be a back-reference, which is no part of RE2");
            case >= '0' and <= '7': return ReadOctal(c - '0');
            case < 128 when !char.IsAsciiLetterOrDigit((char)c): return c;
            default: throw new FormatException($"\\{new Rune(c)} is no escape sequence of RE2");
        }
    }

    private int ReadOctal(int value)
    {
        for (int digits = 1; digits < 3 && cursor.Peek() is >= '0' and <= '7'; digits++)
        {
            value = (value * 8) + cursor.Take() - '0';
        }

        return value;
    }

    private int ReadHex()
    {
        bool braces = cursor.Accept('{');
        var digits = new StringBuilder();
        while (cursor.Peek() is >= 0 and < 128 and { } c && char.IsAsciiHexDigit((char)c) && digits.Length < (braces ? 8 : 2))
        {
            digits.Append((char)cursor.Take());
        }

        bool complete = braces ? digits.Length > 0 && cursor.Accept('}') : digits.Length == 2;
        return complete && int.TryParse(digits.ToString(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) && value is >= 0 and <= CodePointSet.Last
            ? value
            : throw new FormatException("after \\x there are no two digits, and no {…} with a code point of Unicode");
    }
}
