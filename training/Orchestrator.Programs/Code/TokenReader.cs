using Orchestrator.Errors;

namespace Orchestrator.Programs.Code;

/// <summary>Tokens from the front, and how a parser asks for them.</summary>
internal sealed class TokenReader(string path, IReadOnlyList<Token> tokens)
{
    private int _next;

    public string Path => path;

    public Token Current => tokens[_next];

    public int LastLine => tokens[Math.Max(0, _next - 1)].Line;

    public OrchestratorException Refused(string why) => new SourcePosition(path, Current.Line).Refused(why);

    public bool Is(string text) => Current.Kind is TokenKind.Sign or TokenKind.Name && Current.Text == text;

    public bool Is(TokenKind kind) => Current.Kind == kind;

    public bool FollowedBy(string text) => _next + 1 < tokens.Count && tokens[_next + 1].Kind == TokenKind.Sign && tokens[_next + 1].Text == text;

    public Token Take()
    {
        var token = Current;
        _next = Math.Min(_next + 1, tokens.Count - 1);
        return token;
    }

    public bool TryTake(string text)
    {
        var found = Is(text);
        if (found)
        {
            Take();
        }

        return found;
    }

    public void Expect(string text)
    {
        if (!TryTake(text))
        {
            throw Refused($"{text} is expected where {Describe()} is");
        }
    }

    public Token Expect(TokenKind kind) => Is(kind) ? Take() : throw Refused($"{kind} is expected where {Describe()} is");

    /// <summary>A name that is no keyword.</summary>
    public string ExpectName()
    {
        var token = Expect(TokenKind.Name);
        return Keywords.All.Contains(token.Text) ? throw new SourcePosition(path, token.Line).Refused($"{token.Text} is not admitted here") : token.Text;
    }

    /// <summary>What lies between here and a closing sign, with commas in between and perhaps one at the end.</summary>
    /// <returns>The items, and whether a comma followed the last.</returns>
    public (List<T> Items, bool Trailing) List<T>(string close, Func<T> item)
    {
        var items = new List<T>();
        var trailing = false;
        while (!TryTake(close))
        {
            items.Add(item());
            trailing = TryTake(",");
            if (!trailing)
            {
                Expect(close);
                break;
            }
        }

        return (items, trailing);
    }

    private string Describe() => Current.Text.Length > 0 ? Current.Text : Current.Kind.ToString();
}

/// <summary>Words that are no names.</summary>
internal static class Keywords
{
    public static readonly IReadOnlySet<string> All = new HashSet<string>
    {
        "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except", "False",
        "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "None", "nonlocal", "not", "or", "pass", "raise",
        "return", "True", "try", "while", "with", "yield",
    };
}
