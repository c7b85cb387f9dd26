namespace Orchestrator.Programs.Code;

/// <summary>Parses a source file: classes and functions.</summary>
internal sealed class FileParser
{
    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private readonly StatementParser _statements;

    private FileParser(TokenReader tokens)
    {
        _tokens = tokens;
        _expressions = new ExpressionParser(tokens);
        _statements = new StatementParser(tokens, _expressions);
    }

    /// <param name="path">The file's path in the archive, for messages.</param>
    /// <param name="module">The qualifier of what it defines.</param>
    /// <param name="source">Its bytes.</param>
    public static FileSource Parse(string path, string module, ReadOnlyMemory<byte> source)
    {
        var tokens = new TokenReader(path, Lexer.Tokens(path, source));
        var parser = new FileParser(tokens);
        var classes = new List<ClassSource>();
        var functions = new List<FunctionSource>();
        while (!tokens.Is(TokenKind.End))
        {
            if (tokens.Is("class"))
            {
                classes.Add(parser.Class());
            }
            else if (tokens.Is("def"))
            {
                functions.Add(parser.Function());
            }
            else
            {
                throw tokens.Refused("a file holds classes and functions only");
            }
        }

        return new FileSource(path, module, classes, functions);
    }

    private FunctionSource Function()
    {
        var line = _tokens.Take().Line;
        var name = _tokens.ExpectName();
        _tokens.Expect("(");
        var parameters = _tokens.List(")", Parameter).Items;
        _tokens.Expect("->");
        var returns = _expressions.Parse();
        return new FunctionSource(name, parameters, returns, _statements.Block(), line);
    }

    private Parameter Parameter()
    {
        var name = _tokens.ExpectName();
        var type = _tokens.TryTake(":") ? _expressions.Parse() : null;
        var value = _tokens.TryTake("=") ? _expressions.Parse() : null;
        return value is { IsLiteral: false } ? throw _tokens.Refused($"the default of {name} is no constant") : new Parameter(name, type, value);
    }

    private ClassSource Class()
    {
        var line = _tokens.Take().Line;
        var name = _tokens.ExpectName();
        string? parent = null;
        if (_tokens.TryTake("("))
        {
            parent = _tokens.ExpectName();
            _tokens.Expect(")");
        }

        if (parent is not (null or "Module" or "NamedTuple" or "Interface" or "ModuleInterface"))
        {
            throw _tokens.Refused($"a class of kind {parent} is not admitted");
        }

        _tokens.Expect(":");
        _tokens.Expect(TokenKind.NewLine);
        var parameters = new HashSet<string>();
        var attributes = new List<AttributeSource>();
        var methods = new List<FunctionSource>();
        if (_tokens.Is(TokenKind.Indent))
        {
            _tokens.Take();
            while (!_tokens.Is(TokenKind.Dedent))
            {
                Member(parameters, attributes, methods);
            }

            _tokens.Take();
        }

        return new ClassSource(name, parent, parameters, attributes, methods, line);
    }

    private void Member(HashSet<string> parameters, List<AttributeSource> attributes, List<FunctionSource> methods)
    {
        var line = _tokens.Current.Line;
        if (_tokens.Is("def"))
        {
            methods.Add(Function());
            return;
        }

        if (!_tokens.TryTake("pass"))
        {
            var name = _tokens.ExpectName();
            switch (name)
            {
                case "__parameters__":
                    parameters.UnionWith(Names());
                    break;
                case "__buffers__":
                    Names();
                    break;
                case "__annotations__":
                    Annotation(attributes, line);
                    break;
                case "__forward_hooks__" or "__forward_pre_hooks__":
                    throw _tokens.Refused("hooks are not admitted: what calls them is not in the code");
                default:
                    _tokens.Expect(":");
                    var type = _expressions.Parse();
                    attributes.Add(new AttributeSource(name, type, _tokens.TryTake("=") ? Literal() : null, line));
                    break;
            }
        }

        _tokens.Expect(TokenKind.NewLine);
    }

    private List<string> Names()
    {
        _tokens.Expect("=");
        _tokens.Expect("[");
        return _tokens.List("]", () => _tokens.Expect(TokenKind.Text).Text).Items;
    }

    // `__annotations__ = []`, or `__annotations__["0"] = T` for a name that is no identifier.
    private void Annotation(List<AttributeSource> attributes, int line)
    {
        if (_tokens.TryTake("="))
        {
            _tokens.Expect("[");
            _tokens.Expect("]");
            return;
        }

        _tokens.Expect("[");
        var name = _tokens.Expect(TokenKind.Text).Text;
        _tokens.Expect("]");
        _tokens.Expect("=");
        attributes.Add(new AttributeSource(name, _expressions.Parse(), null, line));
    }

    private Expression Literal()
    {
        var value = _expressions.Parse();
        return value.IsLiteral ? value : throw _tokens.Refused("a constant of a class is not written out");
    }
}
