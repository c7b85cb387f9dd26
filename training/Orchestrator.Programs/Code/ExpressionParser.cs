using System.Globalization;

namespace Orchestrator.Programs.Code;

/// <summary>Parses expressions and types. There are no infix operators: PyTorch prints calls.</summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    private int _depth;

    public Expression Parse()
    {
        if (++_depth > ProgramLimits.MaxDepth)
        {
            throw ProgramLimits.Exceeded($"an expression nested deeper than that at {new SourcePosition(tokens.Path, tokens.Current.Line)}", $"{ProgramLimits.MaxDepth}");
        }

        var expression = Primary();
        for (var suffixes = 0; tokens.Is(".") || tokens.Is("(") || tokens.Is("["); suffixes++)
        {
            expression = Suffix(expression);
            if (suffixes > ProgramLimits.MaxDepth)
            {
                throw tokens.Refused("an expression is too long");
            }
        }

        _depth--;
        return expression;
    }

    private Expression Primary()
    {
        var token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Integer:
                return new Expression.Integer(Number(token.Text), token.Line);
            case TokenKind.Real:
                return new Expression.Real(token.Line);
            case TokenKind.Text:
                return new Expression.String(token.Text, token.Line);
            case TokenKind.Name when token.Text is "None" or "True" or "False":
                return new Expression.Constant(token.Text, token.Line);
            case TokenKind.Name when !Keywords.All.Contains(token.Text):
                return token.Text is "inf" or "nan" ? new Expression.Real(token.Line) : new Expression.Name(token.Text, token.Line);
            case TokenKind.Sign when token.Text == "-":
                return Negative(token.Line);
            case TokenKind.Sign when token.Text == "(":
                return Parenthesised(token.Line);
            case TokenKind.Sign when token.Text == "[":
                return new Expression.List(tokens.List("]", Parse).Items, token.Line);
            case TokenKind.Sign when token.Text == "{":
                return new Expression.Dict(tokens.List("}", Pair).Items, token.Line);
            default:
                throw new SourcePosition(tokens.Path, token.Line).Refused($"{(token.Text.Length > 0 ? token.Text : token.Kind)} is no expression that PyTorch prints");
        }
    }

    private Expression Negative(int line)
    {
        var token = tokens.Take();
        return token.Kind switch
        {
            TokenKind.Integer => new Expression.Integer(Number("-" + token.Text), line),
            TokenKind.Real => new Expression.Real(line),
            TokenKind.Name when token.Text is "inf" or "nan" => new Expression.Real(line),
            _ => throw new SourcePosition(tokens.Path, line).Refused("only numbers are negated by a sign"),
        };
    }

    private long Number(string digits) =>
        long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : throw tokens.Refused($"the number {digits} has more than 64 bits");

    // (x) is x, (x,) and (x, y) are tuples.
    private Expression Parenthesised(int line)
    {
        var (items, trailing) = tokens.List(")", Parse);
        return items.Count == 1 && !trailing ? items[0] : new Expression.Tuple(items, line);
    }

    private (Expression Key, Expression Value) Pair()
    {
        var key = Parse();
        tokens.Expect(":");
        return (key, Parse());
    }

    private Expression Suffix(Expression of)
    {
        var line = tokens.Current.Line;
        if (tokens.TryTake("."))
        {
            return new Expression.Attribute(of, tokens.ExpectName(), line);
        }

        if (tokens.TryTake("("))
        {
            return Call(of, line);
        }

        tokens.Expect("[");
        if (tokens.TryTake("]"))
        {
            throw tokens.Refused("an index is missing");
        }

        var (items, trailing) = tokens.List("]", () => IndexItem(out _));
        if (items.Count == 1 && items[0] is Expression.Slice)
        {
            return new Expression.Slice(of, line);
        }

        return new Expression.Index(of, items.Count == 1 && !trailing ? items[0] : new Expression.Tuple(items, line), line);
    }

    // x[2], Dict[str, int], x[1:3] of a tuple.
    private Expression IndexItem(out bool isSlice)
    {
        var first = Parse();
        isSlice = tokens.TryTake(":");
        return isSlice && first is Expression.Integer && Parse() is Expression.Integer ? new Expression.Slice(first, first.Line)
            : isSlice ? throw tokens.Refused("a slice has bounds that are no constants") : first;
    }

    private Expression.Call Call(Expression callee, int line)
    {
        var named = new List<(string, Expression)>();
        var (arguments, _) = tokens.List(")", () =>
        {
            if (tokens.Is(TokenKind.Name) && tokens.FollowedBy("="))
            {
                var name = tokens.ExpectName();
                tokens.Expect("=");
                named.Add((name, Parse()));
                return null;
            }

            return named.Count == 0 ? Parse() : throw tokens.Refused("an argument follows a named one");
        });
        return new Expression.Call(callee, [.. arguments.OfType<Expression>()], named, line);
    }
}
