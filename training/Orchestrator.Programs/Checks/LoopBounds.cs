using Orchestrator.Errors;
using Orchestrator.Programs.Code;

namespace Orchestrator.Programs.Checks;

/// <summary>Tells whether a number in a function has a limit that can be seen: a constant, a size, a length, or what is made of such.</summary>
/// <param name="facts">What is known of all functions.</param>
/// <param name="isSmallAttribute">Whether an attribute is a small number in every object of a class, and stays so.</param>
internal sealed class LoopBounds(ProgramFacts facts, Func<ClassDeclaration, string, bool> isSmallAttribute)
{
    private const int MaxSteps = 64;

    private static readonly IReadOnlySet<string> Lengths = new HashSet<string> { "torch.len", "torch.size", "torch.dim", "torch.numel", "torch.__len__" };

    private static readonly IReadOnlySet<string> Arithmetic = new HashSet<string>
    {
        "torch.add", "torch.sub", "torch.mul", "torch.floordiv", "torch.floor_divide", "torch.remainder", "torch.__range_length", "torch.__derive_index",
        "ops.prim.max", "ops.prim.NumToTensor", "int", "torch.ceil", "torch.floor", "torch.div", "torch.abs", "ops.prim.abs", "torch.neg",
    };

    private readonly Dictionary<(string Function, string Variable), bool> _known = [];
    private readonly Dictionary<string, ILookup<string, (Statement Statement, int Target)>> _definitions = [];

    /// <summary>Everything that sets a variable in a function, by variable.</summary>
    public ILookup<string, (Statement Statement, int Target)> DefinitionsIn(FunctionDeclaration function)
    {
        if (!_definitions.TryGetValue(function.Name, out var definitions))
        {
            definitions = Statement.All(function.Source.Body)
                .SelectMany(statement => statement.Sets.Select((name, target) => (name, statement, target)))
                .ToLookup(definition => definition.name, definition => (definition.statement, definition.target));
            _definitions.Add(function.Name, definitions);
        }

        return definitions;
    }

    /// <summary>Whether a number, or every number of a list, has such a limit.</summary>
    public bool IsBounded(FunctionDeclaration function, Expression expression, int steps = 0) => steps < MaxSteps && expression switch
    {
        Expression.Integer number => number.Value is >= -ProgramLimits.MaxTrips and <= ProgramLimits.MaxTrips,
        Expression.List list => list.Items.All(item => IsBounded(function, item, steps + 1)),
        Expression.Index index => IsBounded(function, index.Of, steps + 1),
        Expression.Slice slice => IsBounded(function, slice.Of, steps + 1),
        Expression.Name name => IsBoundedVariable(function, name.Text, steps + 1),
        Expression.Attribute attribute => facts.AttributeOwners.TryGetValue(attribute, out var owner) && isSmallAttribute(owner, attribute.Field),
        Expression.Call call => IsBoundedCall(function, call, steps + 1),
        _ => false,
    };

    private bool IsBoundedCall(FunctionDeclaration function, Expression.Call call, int steps)
    {
        var path = call.Callee.Path ?? string.Empty;
        return Lengths.Contains(path)
            || (path == "ops.prim.min" && (call.Arguments is [Expression.List list] ? list.Items : call.Arguments).Any(item => IsBounded(function, item, steps)))
            || (Arithmetic.Contains(path) && call.Arguments.All(argument => IsBounded(function, argument, steps)))
            || (path == "annotate" && call.Arguments is [_, var value] && IsBounded(function, value, steps));
    }

    private bool IsBoundedVariable(FunctionDeclaration function, string name, int steps)
    {
        if (_known.TryGetValue((function.Name, name), out var known))
        {
            return known;
        }

        // A number that is made of itself grows.
        _known[(function.Name, name)] = false;
        var definitions = DefinitionsIn(function)[name].ToArray();
        var place = function.Source.Parameters.TakeWhile(parameter => parameter.Name != name).Count();
        var isParameter = place < function.Source.Parameters.Count;
        var result = (definitions.Length > 0 || isParameter)
            && definitions.All(definition => IsBoundedDefinition(function, definition.Statement, definition.Target, steps))
            && (!isParameter || IsBoundedParameter(function, place, steps));
        _known[(function.Name, name)] = result;
        return result;
    }

    private bool IsBoundedDefinition(FunctionDeclaration function, Statement statement, int target, int steps) => statement switch
    {
        Statement.For => true, // its own limit is checked
        Statement.Assign { Unpacks: true } assign => IsBounded(function, assign.Values[0], steps),
        Statement.Assign assign => IsBounded(function, assign.Values[target], steps),
        _ => false,
    };

    private bool IsBoundedParameter(FunctionDeclaration function, int place, int steps)
    {
        var parameter = function.Source.Parameters[place];
        var argument = place - (function.Class is null ? 0 : 1);
        var sites = facts.Calls.SitesOf(function.Name);
        return argument >= 0 && sites.Count > 0 && sites.All(site =>
            (argument < site.Call.Arguments.Count ? site.Call.Arguments[argument] : site.Call.Named.FirstOrDefault(named => named.Name == parameter.Name).Value ?? parameter.Default)
                is { } given && IsBounded(site.Caller, given, steps));
    }
}
