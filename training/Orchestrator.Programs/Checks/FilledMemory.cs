using System.Collections.Frozen;
using Orchestrator.Programs.Code;

namespace Orchestrator.Programs.Checks;

/// <summary>
/// Finds memory that nothing wrote and that the next statement fills before anything can read it, as PyTorch prints noise:
/// <c>n = torch.empty_like(x)</c>, <c>y = torch.log(torch.exponential_(n))</c>.
/// </summary>
internal static class FilledMemory
{
    private static readonly FrozenSet<string> s_takes = ["torch.empty", "torch.empty_like", "torch.new_empty"];

    // Each writes every element, or throws.
    private static readonly FrozenSet<string> s_fills =
    [
        "torch.bernoulli_", "torch.cauchy_", "torch.exponential_", "torch.fill_", "torch.geometric_",
        "torch.log_normal_", "torch.normal_", "torch.random_", "torch.uniform_", "torch.zero_",
    ];

    /// <summary>The call by which a statement takes such memory, or null.</summary>
    /// <param name="next">What follows in the same block; null at its end.</param>
    public static Expression.Call? TakenBy(Statement statement, Statement? next) =>
        statement is Statement.Assign { Targets: [var name], Unpacks: false, Values: [Expression.Call { Callee.Path: { } takes } taken] }
            && s_takes.Contains(takes)
            && FirstValue(next) is Expression.Call value
            && FirstUse(value, name) is { Callee.Path: { } fills, Arguments: [Expression.Name filled, ..] }
            && s_fills.Contains(fills)
            && filled.Text == name
            ? taken
            : null;

    private static Expression? FirstValue(Statement? statement) => statement switch
    {
        Statement.Assign assign => assign.Values[0],
        Statement.Evaluate evaluate => evaluate.Value,
        Statement.Return result => result.Value,
        _ => null,
    };

    /// <summary>The call that is the first to get a variable, and gets it once; null where that is not plain to see.</summary>
    private static Expression.Call? FirstUse(Expression.Call call, string name) => call.Inputs.Where(input => input.Names.Contains(name)).ToArray() switch
    {
        [Expression.Name] => call,
        [Expression.Call inner, ..] => FirstUse(inner, name),
        _ => null,
    };
}
