using Orchestrator.Errors;
using Orchestrator.Programs.Code;

namespace Orchestrator.Programs.Checks;

/// <summary>
/// Requires of every loop that it ends. For a <c>while</c> that means: a counter grows by a constant on every trip, and the
/// condition, computed on every trip, compares it with a limit that the loop does not change. PyTorch prints a <c>for</c> with a
/// <c>break</c> in this form.
/// </summary>
internal sealed class LoopCheck(FunctionDeclaration function, LoopBounds bounds)
{
    private const int MaxSteps = 64;

    /// <summary>Checks the loops of the function.</summary>
    /// <exception cref="OrchestratorException"><c>program-unbounded</c>.</exception>
    public void Run()
    {
        foreach (var statement in Statement.All(function.Source.Body))
        {
            if (statement is Statement.For loop && !bounds.IsBounded(function, loop.Limit))
            {
                throw Unbounded(loop.Line, "the limit of the loop is neither a constant nor a size, nor made of such");
            }

            if (statement is Statement.While repeat && !Ends(repeat))
            {
                throw Unbounded(repeat.Line, "the condition of the loop does not compare a counter with a constant or a size");
            }
        }
    }

    private OrchestratorException Unbounded(int line, string why) => new(ProgramErrors.Unbounded, $"{function.At(line)}: {why}");

    private bool Ends(Statement.While loop)
    {
        var inside = Statement.All(loop.Body).SelectMany(statement => statement.Sets.Select((name, target) => (name, statement, target))).ToLookup(item => item.name);
        return loop.Condition is Expression.Name condition
            && inside.Contains(condition.Text)
            && inside[condition.Text].All(definition => Value(definition.statement, definition.target) is { } value && Limits(value, loop, inside.Contains, 0));
    }

    /// <summary>Whether an expression, where it is true, says that a counter of the loop is below a limit.</summary>
    private bool Limits(Expression expression, Statement.While loop, Func<string, bool> isSetInside, int steps) => steps < MaxSteps && expression switch
    {
        Expression.Constant { Text: "False" } => true,
        Expression.Name name => name.Text != (loop.Condition as Expression.Name)?.Text && IsOnlySetIn(loop.Body, name.Text)
            && bounds.DefinitionsIn(function)[name.Text].All(definition =>
                Value(definition.Statement, definition.Target) is { } value && Limits(value, loop, isSetInside, steps + 1)),
        Expression.Call { Callee.Path: "torch.__and__", Arguments: [var first, var second] } =>
            Limits(first, loop, isSetInside, steps + 1) || Limits(second, loop, isSetInside, steps + 1),
        Expression.Call { Callee.Path: "bool", Arguments: [var value] } => Limits(value, loop, isSetInside, steps + 1),
        Expression.Call { Callee.Path: "torch.lt" or "torch.le", Arguments: [var counter, var limit] } =>
            IsCounter(counter, loop) && bounds.IsBounded(function, limit) && !limit.Names.Any(isSetInside),
        _ => false,
    };

    // `i`, or the `j = torch.add(i, 1)` that the loop's last statement puts in its place.
    private bool IsCounter(Expression expression, Statement.While loop)
    {
        if (expression is Expression.Name name)
        {
            return IsAdvanced(name.Text, loop)
                || (Single(name.Text, loop) is { } next && OnlyDefinitions(name.Text) == 1 && Step(next) is { } counter && IsAdvanced(counter, loop));
        }

        return Step(expression) is { } stepped && IsAdvanced(stepped, loop);
    }

    // Set once in the loop, on every trip, to itself and a constant.
    private bool IsAdvanced(string counter, Statement.While loop) => Single(counter, loop) is { } value
        && (Step(value) == counter || (value is Expression.Name next && OnlyDefinitions(next.Text) == 1 && Single(next.Text, loop) is { } stepped && Step(stepped) == counter));

    private static string? Step(Expression expression) =>
        expression is Expression.Call { Callee.Path: "torch.add", Arguments: [Expression.Name counter, Expression.Integer { Value: > 0 and <= ProgramLimits.MaxTrips }], Named: [] }
            ? counter.Text
            : null;

    private int OnlyDefinitions(string name) => bounds.DefinitionsIn(function)[name].Count();

    /// <summary>The one value that a variable gets in a loop, at the loop's own level; null if there are more or others.</summary>
    private static Expression? Single(string name, Statement.While loop)
    {
        var all = Statement.All(loop.Body).Where(statement => statement.Sets.Contains(name)).ToArray();
        return all is [Statement.Assign assign] && loop.Body.Contains(assign) && assign.Targets.Count(target => target == name) == 1
            ? Value(assign, assign.Targets.ToList().IndexOf(name))
            : null;
    }

    private static Expression? Value(Statement statement, int target) =>
        statement is Statement.Assign { Unpacks: false } assign ? assign.Values[target] : null;

    private bool IsOnlySetIn(IReadOnlyList<Statement> block, string name) =>
        !function.Source.Parameters.Any(parameter => parameter.Name == name)
        && Statement.All(block).Count(statement => statement.Sets.Contains(name)) == OnlyDefinitions(name);
}
