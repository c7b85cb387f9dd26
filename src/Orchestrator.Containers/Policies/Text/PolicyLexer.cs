using System.Globalization;
using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Policies.Text;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    End,
    Name,
    String,
    Integer,
    Punctuation,
}

/// <summary>One token; <paramref name="Text"/> is a string's value, otherwise the characters themselves.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, TextPosition Position);

/// <summary>Cuts a policy's text into tokens: JSON's, raw strings between backticks, names, <c>:=</c>, <c>#</c> comments.</summary>
internal sealed class PolicyLexer(string text)
{
    private int _next;
    private int _line = 1;
    private int _lineStart;

    /// <summary>The next token, or one of kind <see cref="TokenKind.End"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="PolicyErrors.Syntax"/>.</exception>
    public Token Read()
    {
        SkipBlanks();
        TextPosition position = Here;
        if (_next == text.Length)
        {
            return new Token(TokenKind.End, "the end of the text", position);
        }

        char first = text[_next];
        return first switch
        {
            '"' => new Token(TokenKind.String, ReadQuoted(), position),
            '`' => new Token(TokenKind.String, ReadRaw(position), position),
            '-' or (>= '0' and <= '9') => new Token(TokenKind.Integer, Take(IsNumeric), position),
            '_' or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') => new Token(TokenKind.Name, Take(IsName), position),
            ':' when text.AsSpan(_next).StartsWith(":=", StringComparison.Ordinal) => Punctuation(2, position),
            '{' or '}' or '[' or ']' or '(' or ')' or ',' or ':' or '.' => Punctuation(1, position),
            _ => throw Unexpected(position, first),
        };
    }

    private TextPosition Here => new(_line, _next - _lineStart + 1);

    private static bool IsName(char c) => c == '_' || char.IsAsciiLetterOrDigit(c);

    // Fractions and exponents are taken along so that the parser refuses the number as a whole.
    private static bool IsNumeric(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '-';

    private void SkipBlanks()
    {
        while (_next < text.Length)
        {
            char c = text[_next];
            if (c == '#')
            {
                int end = text.IndexOf('\n', _next);
                _next = end < 0 ? text.Length : end;
            }
            else if (c == '\n')
            {
                _next++;
                _line++;
                _lineStart = _next;
            }
            else if (c is ' ' or '\t' or '\r')
            {
                _next++;
            }
            else
            {
                return;
            }
        }
    }

    private string Take(Func<char, bool> belongs)
    {
        int start = _next;
        while (_next < text.Length && belongs(text[_next]))
        {
            _next++;
        }

        return text[start.._next];
    }

    private Token Punctuation(int length, TextPosition position)
    {
        _next += length;
        return new Token(TokenKind.Punctuation, text.Substring(_next - length, length), position);
    }

    private string ReadRaw(TextPosition start)
    {
        int end = text.IndexOf('`', _next + 1);
        if (end < 0)
        {
            throw new OrchestratorException(PolicyErrors.Syntax, $"{start}: the raw string has no closing backtick.");
        }

        string value = text[(_next + 1)..end];
        if (value.Contains('\0', StringComparison.Ordinal))
        {
            throw new OrchestratorException(PolicyErrors.Syntax, $"{start}: the raw string has a zero character, which no name, argument or variable can have.");
        }

        _next = end + 1;
        int lineBreak = value.LastIndexOf('\n');
        if (lineBreak >= 0)
        {
            _line += value.Count(c => c == '\n');
            _lineStart = end - value.Length + lineBreak + 1;
        }

        return value;
    }

    private string ReadQuoted()
    {
        TextPosition start = Here;
        var value = new StringBuilder();
        for (_next++; _next < text.Length && text[_next] != '"'; _next++)
        {
            if (text[_next] < ' ')
            {
                throw Unexpected(Here, text[_next]);
            }

            value.Append(text[_next] == '\\' ? ReadEscape() : text[_next]);
        }

        if (_next == text.Length)
        {
            throw new OrchestratorException(PolicyErrors.Syntax, $"{start}: the string has no closing quote.");
        }

        _next++;
        return IsWellFormed(value.ToString())
            ? value.ToString()
            : throw new OrchestratorException(PolicyErrors.Syntax, $"{start}: the string holds half a surrogate pair.");
    }

    private char ReadEscape()
    {
        TextPosition position = Here;
        char kind = ++_next < text.Length ? text[_next] : '\0';
        switch (kind)
        {
            case '"' or '\\' or '/': return kind;
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u' when _next + 4 < text.Length && ushort.TryParse(text.AsSpan(_next + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit):
                _next += 4;
                return unit > 0 ? (char)unit : throw new OrchestratorException(PolicyErrors.Syntax, $"{position}: a zero character, which no name, argument or variable can have.");
            default: throw new OrchestratorException(PolicyErrors.Syntax, $"{position}: not an escape sequence of JSON.");
        }
    }

    private static bool IsWellFormed(string value)
    {
        for (int i = 0; i < value.Length; i++)
        {
            if (char.IsSurrogate(value[i]) && !(i + 1 < value.Length && char.IsSurrogatePair(value[i], value[++i])))
            {
                return false;
            }
        }

        return true;
    }

    private static OrchestratorException Unexpected(TextPosition position, char c) =>
        new(PolicyErrors.Syntax, $"{position}: unexpected character {(char.IsControl(c) ? $"U+{(int)c:X4}" : $"'{c}'")}.");
}
