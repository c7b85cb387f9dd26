using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Policies.Text;

/// <summary>
/// Reads the text form of policies that both published generators write (docs/spec/execution-policy.md): <c>package</c>, imports,
/// then rules whose values are JSON with trailing commas, raw strings, comments and references. Anything else, such as a
/// rule with a body, is refused with its place.
/// </summary>
public sealed class PolicyParser
{
    /// <summary>The longest text, in bytes of UTF-8.</summary>
    public const int MaxBytes = 8 << 20;

    /// <summary>Arrays and objects within each other.</summary>
    public const int MaxDepth = 32;

    private static readonly string[] Imports = ["future.keywords.every", "future.keywords.in", "future.keywords", "rego.v1"];

    private readonly PolicyLexer _lexer;
    private Token _token;

    private PolicyParser(string text)
    {
        _lexer = new PolicyLexer(text);
        _token = _lexer.Read();
    }

    /// <summary>Parses UTF-8 text.</summary>
    /// <exception cref="OrchestratorException"><see cref="PolicyErrors.Syntax"/> or <see cref="PolicyErrors.TooLarge"/>.</exception>
    public static PolicyModule Parse(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
        {
            throw new OrchestratorException(PolicyErrors.TooLarge, $"The policy has {utf8.Length} bytes; at most {MaxBytes} are read.");
        }

        try
        {
            return new PolicyParser(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8)).ReadModule();
        }
        catch (DecoderFallbackException e)
        {
            throw new OrchestratorException(PolicyErrors.Syntax, $"The policy is not UTF-8: {e.Message}", inner: e);
        }
    }

    /// <summary>Parses a string.</summary>
    /// <exception cref="OrchestratorException"><see cref="PolicyErrors.Syntax"/> or <see cref="PolicyErrors.TooLarge"/>.</exception>
    public static PolicyModule Parse(string text) => Parse(Encoding.UTF8.GetBytes(text));

    private PolicyModule ReadModule()
    {
        ExpectName("package");
        string package = ReadPath();
        var rules = ImmutableArray.CreateBuilder<PolicyRule>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (SkipImports().Kind != TokenKind.End)
        {
            Token name = Expect(TokenKind.Name, null, "the name of a rule");
            Expect(TokenKind.Punctuation, ":=", "':='; only rules of the form name := value are read");
            if (!names.Add(name.Text))
            {
                throw Fail(PolicyErrors.Syntax, name.Position, $"the rule {name.Text} stands twice");
            }

            rules.Add(new PolicyRule(name.Text, ReadValue(0), name.Position));
        }

        return new PolicyModule(package, rules.ToImmutable());
    }

    // One generator once wrote them behind the version.
    private Token SkipImports()
    {
        while (_token is { Kind: TokenKind.Name, Text: "import" })
        {
            Token keyword = Advance();
            string path = ReadPath();
            if (!Imports.Contains(path))
            {
                throw Fail(PolicyErrors.Unsupported, keyword.Position, $"the import of {path} is not one that policies need");
            }
        }

        return _token;
    }

    private PolicyNode ReadValue(int depth)
    {
        Token token = Advance();
        if (depth > MaxDepth)
        {
            throw Fail(PolicyErrors.TooLarge, token.Position, $"more than {MaxDepth} arrays and objects within each other");
        }

        return token switch
        {
            { Kind: TokenKind.String } => new StringNode(token.Position, token.Text),
            { Kind: TokenKind.Integer } => ReadInteger(token),
            { Kind: TokenKind.Name, Text: "null" } => new NullNode(token.Position),
            { Kind: TokenKind.Name, Text: "true" or "false" } => new BooleanNode(token.Position, token.Text == "true"),
            { Kind: TokenKind.Name, Text: "data" } => new ReferenceNode(token.Position, "data" + ReadDotted()),
            { Kind: TokenKind.Name, Text: "parameter" } => ReadParameter(token),
            { Kind: TokenKind.Punctuation, Text: "[" } => ReadArray(token, depth + 1),
            { Kind: TokenKind.Punctuation, Text: "{" } => ReadObject(token, depth + 1),
            _ => throw Fail(PolicyErrors.Syntax, token.Position, $"expected a value, found {token.Text}"),
        };
    }

    private static IntegerNode ReadInteger(Token token) =>
        long.TryParse(token.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value.ToString(CultureInfo.InvariantCulture) == token.Text
            ? new IntegerNode(token.Position, value)
            : throw Fail(PolicyErrors.Syntax, token.Position, $"{token.Text} is not an integer of 64 bits");

    private ParameterNode ReadParameter(Token start)
    {
        Expect(TokenKind.Punctuation, "(", "'('");
        Token name = Expect(TokenKind.String, null, "the name of a parameter in quotes");
        Expect(TokenKind.Punctuation, ")", "')'");
        return new ParameterNode(start.Position, name.Text, [.. ReadDotted().Split('.', StringSplitOptions.RemoveEmptyEntries)]);
    }

    private ArrayNode ReadArray(Token open, int depth)
    {
        var items = ImmutableArray.CreateBuilder<PolicyNode>();
        while (!Accept("]"))
        {
            items.Add(ReadValue(depth));
            ReadSeparator("]");
        }

        return new ArrayNode(open.Position, items.ToImmutable());
    }

    private ObjectNode ReadObject(Token open, int depth)
    {
        var members = ImmutableArray.CreateBuilder<KeyValuePair<string, PolicyNode>>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (!Accept("}"))
        {
            Token name = Expect(TokenKind.String, null, "the name of a member in quotes");
            if (!names.Add(name.Text))
            {
                throw Fail(PolicyErrors.Syntax, name.Position, $"the member \"{name.Text}\" stands twice");
            }

            Expect(TokenKind.Punctuation, ":", "':'");
            members.Add(new(name.Text, ReadValue(depth)));
            ReadSeparator("}");
        }

        return new ObjectNode(open.Position, members.ToImmutable());
    }

    // A comma may stand behind the last element.
    private void ReadSeparator(string close)
    {
        if (_token is not { Kind: TokenKind.Punctuation } || _token.Text != close)
        {
            Expect(TokenKind.Punctuation, ",", $"',' or '{close}'");
        }
    }

    private string ReadPath() => Expect(TokenKind.Name, null, "a name").Text + ReadDotted();

    private string ReadDotted()
    {
        var path = new StringBuilder();
        while (Accept("."))
        {
            path.Append('.').Append(Expect(TokenKind.Name, null, "a name").Text);
        }

        return path.ToString();
    }

    private Token Advance()
    {
        Token token = _token;
        _token = _lexer.Read();
        return token;
    }

    private bool Accept(string punctuation)
    {
        bool matches = _token.Kind == TokenKind.Punctuation && _token.Text == punctuation;
        if (matches)
        {
            Advance();
        }

        return matches;
    }

    private void ExpectName(string name) => Expect(TokenKind.Name, name, $"'{name}'");

    private Token Expect(TokenKind kind, string? text, string what) =>
        _token.Kind == kind && (text is null || _token.Text == text)
            ? Advance()
            : throw Fail(PolicyErrors.Syntax, _token.Position, $"expected {what}, found {_token.Text}");

    private static OrchestratorException Fail(ErrorCode code, TextPosition position, string what) => new(code, $"{position}: {what}.");
}
