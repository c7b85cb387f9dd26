namespace Orchestrator.Programs.Code;

/// <summary>A statement, as far as PyTorch prints such.</summary>
internal abstract record Statement(int Line)
{
    /// <summary>
    /// <c>a = x</c>, <c>a : T = x</c>, <c>a, b = x, y</c>, and with <paramref name="Unpacks"/> one value taken apart: <c>a, b, = x</c>.
    /// </summary>
    public sealed record Assign(IReadOnlyList<string> Targets, bool Unpacks, Expression? Type, IReadOnlyList<Expression> Values, int Line) : Statement(Line);

    /// <summary><c>object.field = x</c>.</summary>
    public sealed record SetAttribute(Expression.Attribute Target, Expression Value, int Line) : Statement(Line);

    /// <summary>A call whose result is dropped, and the line that it ends on.</summary>
    public sealed record Evaluate(Expression Value, int Line, int LastLine) : Statement(Line);

    public sealed record If(Expression Condition, IReadOnlyList<Statement> Then, IReadOnlyList<Statement> Else, int Line) : Statement(Line);

    public sealed record While(Expression Condition, IReadOnlyList<Statement> Body, int Line) : Statement(Line);

    /// <summary><c>for i in range(limit)</c>, the only kind that is printed.</summary>
    public sealed record For(string Variable, Expression Limit, IReadOnlyList<Statement> Body, int Line) : Statement(Line);

    public sealed record With(Expression Value, string? Variable, IReadOnlyList<Statement> Body, int Line) : Statement(Line);

    public sealed record Return(Expression? Value, int Line) : Statement(Line);

    public sealed record Pass(int Line) : Statement(Line);

    /// <summary>The blocks within it.</summary>
    public IEnumerable<IReadOnlyList<Statement>> Blocks => this switch
    {
        If statement => [statement.Then, statement.Else],
        While statement => [statement.Body],
        For statement => [statement.Body],
        With statement => [statement.Body],
        _ => [],
    };

    /// <summary>Variables that the statement itself sets.</summary>
    public IEnumerable<string> Sets => this switch
    {
        Assign statement => statement.Targets,
        For statement => [statement.Variable],
        With { Variable: { } variable } => [variable],
        _ => [],
    };

    /// <summary>The statements of a block and of all blocks in it.</summary>
    public static IEnumerable<Statement> All(IEnumerable<Statement> block) =>
        block.SelectMany(statement => statement.Blocks.SelectMany(All).Prepend(statement));
}
