namespace Orchestrator.Programs.Code;

/// <summary>Parses the statements of functions.</summary>
internal sealed class StatementParser(TokenReader tokens, ExpressionParser expressions)
{
    /// <summary>A colon, and an indented block.</summary>
    public IReadOnlyList<Statement> Block()
    {
        tokens.Expect(":");
        tokens.Expect(TokenKind.NewLine);
        tokens.Expect(TokenKind.Indent);
        var block = new List<Statement>();
        while (!tokens.Is(TokenKind.Dedent))
        {
            block.Add(Statement());
        }

        tokens.Take();
        return block;
    }

    private Statement Statement()
    {
        var line = tokens.Current.Line;
        return (tokens.Is(TokenKind.Name) ? tokens.Current.Text : string.Empty) switch
        {
            "if" => If(line),
            "while" => While(line),
            "for" => For(line),
            "with" => With(line),
            "return" => EndOfLine(Return(line)),
            "pass" => EndOfLine(Pass(line)),
            "def" => throw tokens.Refused("a function within a function, such as torch.jit.fork makes, is not admitted"),
            var word when Keywords.All.Contains(word) && word is not ("None" or "True" or "False") => throw tokens.Refused($"{word} is no statement that PyTorch prints"),
            _ => EndOfLine(Simple(line)),
        };
    }

    private Statement EndOfLine(Statement statement)
    {
        tokens.Expect(TokenKind.NewLine);
        return statement;
    }

    private Statement.If If(int line)
    {
        tokens.Take();
        var condition = expressions.Parse();
        var then = Block();
        return new Statement.If(condition, then, tokens.TryTake("else") ? Block() : [], line);
    }

    private Statement.While While(int line)
    {
        tokens.Take();
        return new Statement.While(expressions.Parse(), Block(), line);
    }

    private Statement.For For(int line)
    {
        tokens.Take();
        var variable = tokens.ExpectName();
        tokens.Expect("in");
        tokens.Expect("range");
        tokens.Expect("(");
        var limit = expressions.Parse();
        tokens.Expect(")");
        return new Statement.For(variable, limit, Block(), line);
    }

    private Statement.With With(int line)
    {
        tokens.Take();
        var value = expressions.Parse();
        return new Statement.With(value, tokens.TryTake("as") ? tokens.ExpectName() : null, Block(), line);
    }

    private Statement.Return Return(int line)
    {
        tokens.Take();
        return new Statement.Return(tokens.Is(TokenKind.NewLine) ? null : expressions.Parse(), line);
    }

    private Statement.Pass Pass(int line)
    {
        tokens.Take();
        return new Statement.Pass(line);
    }

    private Statement Simple(int line)
    {
        var first = expressions.Parse();
        if (tokens.Is(TokenKind.NewLine))
        {
            return new Statement.Evaluate(first, line, tokens.LastLine);
        }

        if (first is Expression.Attribute target)
        {
            tokens.Expect("=");
            return new Statement.SetAttribute(target, expressions.Parse(), line);
        }

        var targets = new List<string> { Target(first) };
        var type = tokens.TryTake(":") ? expressions.Parse() : null;
        var unpacks = false;
        while (type is null && tokens.TryTake(","))
        {
            unpacks = tokens.Is("=");
            if (!unpacks)
            {
                targets.Add(Target(expressions.Parse()));
            }
        }

        tokens.Expect("=");
        var values = new List<Expression> { expressions.Parse() };
        while (tokens.TryTake(","))
        {
            values.Add(expressions.Parse());
        }

        var isOneEach = values.Count == targets.Count && !unpacks;
        return isOneEach || values.Count == 1
            ? new Statement.Assign(targets, !isOneEach, type, values, line)
            : throw tokens.Refused("an assignment has other targets than values");
    }

    private string Target(Expression expression) => expression is Expression.Name name ? name.Text : throw tokens.Refused("only variables and attributes are assigned");
}
