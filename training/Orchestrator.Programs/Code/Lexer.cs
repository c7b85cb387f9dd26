using System.Text;

namespace Orchestrator.Programs.Code;

/// <summary>
/// Cuts source into tokens, in the narrow form that PyTorch prints: printable ASCII, two spaces a level, double quotes, no
/// comments, no continued lines. What this lexer takes, libtorch's takes in the same way; everything on which two lexers could
/// differ is refused.
/// </summary>
internal sealed class Lexer
{
    private const int IndentWidth = 2;

    private readonly string _path;
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _next;
    private int _line = 1;
    private int _level;
    private int _open;

    private Lexer(string path, string source)
    {
        _path = path;
        _source = source;
    }

    public static IReadOnlyList<Token> Tokens(string path, ReadOnlyMemory<byte> source)
    {
        var odd = source.Span.IndexOfAnyExceptInRange((byte)' ', (byte)'~');
        for (var from = 0; odd >= 0; odd = source.Span[from..].IndexOfAnyExceptInRange((byte)' ', (byte)'~'))
        {
            if (source.Span[from + odd] != '\n')
            {
                throw new SourcePosition(path, source.Span[..(from + odd)].Count((byte)'\n') + 1).Refused("the file is not printable ASCII");
            }

            from += odd + 1;
        }

        var lexer = new Lexer(path, Encoding.ASCII.GetString(source.Span));
        lexer.Run();
        return lexer._tokens;
    }

    private Exception Refused(string why) => new SourcePosition(_path, _line).Refused(why);

    private char Peek(int ahead = 0) => _next + ahead < _source.Length ? _source[_next + ahead] : '\n';

    private void Add(TokenKind kind, string text) => _tokens.Add(new Token(kind, text, _line));

    private void Run()
    {
        while (_next < _source.Length)
        {
            if (_open == 0 && (_next == 0 || _source[_next - 1] == '\n'))
            {
                StartLine();
            }
            else
            {
                Next();
            }
        }

        if (_open > 0 || (_tokens.Count > 0 && _tokens[^1].Kind != TokenKind.NewLine && _tokens[^1].Kind != TokenKind.Dedent))
        {
            throw Refused("the file ends in the middle of a line");
        }

        SetLevel(0);
        Add(TokenKind.End, string.Empty);
    }

    private void StartLine()
    {
        var spaces = 0;
        while (Peek(spaces) == ' ')
        {
            spaces++;
        }

        _next += spaces;
        if (Peek() == '\n')
        {
            if (spaces > 0)
            {
                throw Refused("an empty line holds spaces");
            }

            _next++;
            _line++;
            return;
        }

        if (spaces % IndentWidth != 0 || spaces / IndentWidth > _level + 1)
        {
            throw Refused("the indentation is not two spaces a level");
        }

        SetLevel(spaces / IndentWidth);
        Next();
    }

    private void SetLevel(int level)
    {
        for (; _level < level; _level++)
        {
            Add(TokenKind.Indent, string.Empty);
        }

        for (; _level > level; _level--)
        {
            Add(TokenKind.Dedent, string.Empty);
        }

        if (_level > ProgramLimits.MaxBlockDepth)
        {
            throw ProgramLimits.Exceeded($"blocks nested {_level} deep at {new SourcePosition(_path, _line)}", $"{ProgramLimits.MaxBlockDepth}");
        }
    }

    private void Next()
    {
        var first = Peek();
        switch (first)
        {
            case ' ':
                _next++;
                break;
            case '\n':
                EndLine();
                break;
            case '"':
                Add(TokenKind.Text, TakeText());
                break;
            default:
                if (char.IsAsciiLetter(first) || first == '_')
                {
                    Add(TokenKind.Name, TakeWhile(character => char.IsAsciiLetterOrDigit(character) || character == '_'));
                    RequireEnd(Peek() == '"');
                }
                else if (char.IsAsciiDigit(first))
                {
                    TakeNumber();
                }
                else
                {
                    TakeSign();
                }

                break;
        }
    }

    private void EndLine()
    {
        if (_open == 0)
        {
            Add(TokenKind.NewLine, string.Empty);
        }

        _next++;
        _line++;
    }

    private string TakeWhile(Func<char, bool> belongs)
    {
        var start = _next;
        while (_next < _source.Length && belongs(_source[_next]))
        {
            _next++;
        }

        return _source[start.._next];
    }

    private void TakeNumber()
    {
        var text = TakeWhile(char.IsAsciiDigit);
        var isReal = Peek() == '.';
        if (isReal)
        {
            _next++;
            text += "." + TakeWhile(char.IsAsciiDigit);
        }

        if (Peek() == 'e' && (char.IsAsciiDigit(Peek(1)) || (Peek(1) is '+' or '-' && char.IsAsciiDigit(Peek(2)))))
        {
            isReal = true;
            text += _source.Substring(_next, 2);
            _next += 2;
            text += TakeWhile(char.IsAsciiDigit);
        }

        RequireEnd(char.IsAsciiLetterOrDigit(Peek()) || Peek() is '_' or '.' or '"');
        Add(isReal ? TokenKind.Real : TokenKind.Integer, text);
    }

    private string TakeText()
    {
        var start = ++_next;
        while (Peek() != '"')
        {
            if (Peek() == '\n' || (Peek() == '\\' && Peek(1) == '\n'))
            {
                throw Refused("a text does not end on its line");
            }

            _next += Peek() == '\\' ? 2 : 1;
        }

        _next++;
        RequireEnd(Peek() is '"' or '\'' or '_' || char.IsAsciiLetterOrDigit(Peek()));
        return _source[start..(_next - 1)];
    }

    private void TakeSign()
    {
        var sign = Peek() == '-' && Peek(1) == '>' ? "->" : Peek().ToString();
        if (sign != "->" && !"()[]{},:.=-".Contains(sign, StringComparison.Ordinal))
        {
            throw Refused($"the character {sign} is not admitted");
        }

        _open += sign is "(" or "[" or "{" ? 1 : sign is ")" or "]" or "}" ? -1 : 0;
        if (_open < 0)
        {
            throw Refused("a bracket is closed that was not opened");
        }

        Add(TokenKind.Sign, sign);
        _next += sign.Length;
        RequireEnd(sign == "=" && Peek() == '=');
    }

    private void RequireEnd(bool goesOn)
    {
        if (goesOn)
        {
            throw Refused("a token runs into the next");
        }
    }
}
