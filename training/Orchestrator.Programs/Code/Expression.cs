namespace Orchestrator.Programs.Code;

/// <summary>An expression, as far as PyTorch prints such.</summary>
internal abstract record Expression(int Line)
{
    /// <summary>A variable, or one of the names that the language defines.</summary>
    public sealed record Name(string Text, int Line) : Expression(Line);

    public sealed record Integer(long Value, int Line) : Expression(Line);

    public sealed record Real(int Line) : Expression(Line);

    public sealed record String(string Value, int Line) : Expression(Line);

    /// <summary><c>None</c>, <c>True</c>, <c>False</c>.</summary>
    public sealed record Constant(string Text, int Line) : Expression(Line);

    public sealed record List(IReadOnlyList<Expression> Items, int Line) : Expression(Line);

    public sealed record Tuple(IReadOnlyList<Expression> Items, int Line) : Expression(Line);

    public sealed record Dict(IReadOnlyList<(Expression Key, Expression Value)> Items, int Line) : Expression(Line);

    public sealed record Attribute(Expression Of, string Field, int Line) : Expression(Line);

    public sealed record Index(Expression Of, Expression At, int Line) : Expression(Line);

    public sealed record Slice(Expression Of, int Line) : Expression(Line);

    public sealed record Call(Expression Callee, IReadOnlyList<Expression> Arguments, IReadOnlyList<(string Name, Expression Value)> Named, int Line) : Expression(Line)
    {
        /// <summary>All arguments, in the order in which they are computed.</summary>
        public IEnumerable<Expression> Inputs => Arguments.Concat(Named.Select(named => named.Value));
    }

    /// <summary>The dotted name that this is, such as <c>torch.add</c>, or null.</summary>
    public string? Path => this switch
    {
        Name name => name.Text,
        Attribute { Of.Path: { } of } attribute => $"{of}.{attribute.Field}",
        _ => null,
    };

    /// <summary>Whether it is written out in full: no variable, no call.</summary>
    public bool IsLiteral => this switch
    {
        Integer or Real or String or Constant => true,
        List list => list.Items.All(item => item.IsLiteral),
        Tuple tuple => tuple.Items.All(item => item.IsLiteral),
        Dict dict => dict.Items.All(item => item.Key.IsLiteral && item.Value.IsLiteral),
        _ => false,
    };

    /// <summary>Every name in it, each as often as it stands there.</summary>
    public IEnumerable<string> Names => this switch
    {
        Name name => [name.Text],
        List list => list.Items.SelectMany(item => item.Names),
        Tuple tuple => tuple.Items.SelectMany(item => item.Names),
        Dict dict => dict.Items.SelectMany(item => item.Key.Names.Concat(item.Value.Names)),
        Attribute attribute => attribute.Of.Names,
        Index index => index.Of.Names.Concat(index.At.Names),
        Slice slice => slice.Of.Names,
        Call call => call.Callee.Names.Concat(call.Inputs.SelectMany(input => input.Names)),
        _ => [],
    };
}
