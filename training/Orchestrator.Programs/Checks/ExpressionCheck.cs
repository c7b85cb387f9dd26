using Orchestrator.Programs.Code;

namespace Orchestrator.Programs.Checks;

/// <summary>Checks expressions, and says of which type they are where that can be told; null else.</summary>
internal sealed class ExpressionCheck
{
    private readonly ProgramFacts _facts;
    private readonly FunctionDeclaration _function;
    private readonly CallCheck _calls;

    public ExpressionCheck(ProgramFacts facts, FunctionDeclaration function)
    {
        _facts = facts;
        _function = function;
        _calls = new CallCheck(facts, function, this);
    }

    public ProgramType? TypeOf(Expression expression, Scope scope) => expression switch
    {
        Expression.Integer => ProgramType.Int,
        Expression.Real => ProgramType.Float,
        Expression.String => ProgramType.Str,
        Expression.Constant { Text: "None" } => ProgramType.None,
        Expression.Constant => ProgramType.Bool,
        Expression.List list => List(list, scope),
        Expression.Tuple tuple => Tuple(tuple, scope),
        Expression.Dict dict => Dict(dict, scope),
        Expression.Name name => Name(name, scope),
        Expression.Attribute attribute => Attribute(attribute, scope),
        Expression.Index index => Index(index, scope),
        Expression.Slice slice => Slice(slice, scope),
        Expression.Call call => _calls.TypeOf(call, scope),
        _ => throw _function.At(expression.Line).Refused("an expression is not admitted"),
    };

    /// <summary>Type of an item of a value that is taken apart into a number of them.</summary>
    public ProgramType? ItemOf(ProgramType? type, int index, int count)
    {
        var owner = _facts.Declarations.ClassOf(type);
        return type?.Name == "Tuple" && type.Arguments.Count == count ? type.Arguments[index]
            : type?.Name == "List" ? type.Arguments[0]
            : owner is { IsNamedTuple: true } && owner.Attributes.Count == count ? owner.Attributes[index].Type
            : null;
    }

    /// <summary>The type of an attribute of an object of the program.</summary>
    public ProgramType Field(ProgramType? of, string field, int line) =>
        _facts.Declarations.ClassOf(of) is { IsNamedTuple: false } owner && owner.Fields.TryGetValue(field, out var type)
            ? type
            : throw _function.At(line).Refused($"{field} is read from what is not known to be an object that has it");

    private ProgramType? List(Expression.List list, Scope scope)
    {
        var types = list.Items.Select(item => TypeOf(item, scope)).ToArray();
        return types.Length > 0 && types[0] is { } first && types.All(first.Equals) ? ProgramType.List(first) : null;
    }

    private ProgramType? Tuple(Expression.Tuple tuple, Scope scope)
    {
        var types = tuple.Items.Select(item => TypeOf(item, scope)).ToArray();
        return types.Any(type => type is null) ? null : new ProgramType("Tuple", types!);
    }

    private ProgramType? Dict(Expression.Dict dict, Scope scope)
    {
        var keys = dict.Items.Select(item => TypeOf(item.Key, scope)).ToArray();
        var values = dict.Items.Select(item => TypeOf(item.Value, scope)).ToArray();
        return keys.Length > 0 && keys[0] is { } key && values[0] is { } value && keys.All(key.Equals) && values.All(value.Equals)
            ? new ProgramType("Dict", [key, value])
            : null;
    }

    private ProgramType? Name(Expression.Name name, Scope scope) =>
        scope.TryGet(name.Text, out var type) ? type : throw _function.At(name.Line).Refused($"{name.Text} is not defined, or is no value");

    private ProgramType Attribute(Expression.Attribute attribute, Scope scope)
    {
        if (attribute.Path is { } path && _facts.Declarations.Function(path) is { } function)
        {
            _facts.Calls.Add(_function, function.Name);
            return ProgramType.Function(function.Name);
        }

        if (attribute.Of is Expression.Name { Text: "CONSTANTS" })
        {
            return int.TryParse(attribute.Field.AsSpan(1), System.Globalization.NumberStyles.None, null, out var place) && attribute.Field[0] == 'c' && place < _facts.Constants
                ? ProgramType.Tensor
                : throw _function.At(attribute.Line).Refused($"there is no constant {attribute.Field}");
        }

        if (attribute.Path?.Split('.')[0] is "torch" or "ops" or "__torch__")
        {
            throw _function.At(attribute.Line).Refused($"{attribute.Path} is no function of the program, and only such are named without a call");
        }

        var of = TypeOf(attribute.Of, scope);
        var type = Field(of, attribute.Field, attribute.Line);
        _facts.AttributeOwners[attribute] = _facts.Declarations.ClassOf(of)!;
        return type;
    }

    private ProgramType? Index(Expression.Index index, Scope scope)
    {
        var of = TypeOf(index.Of, scope);
        TypeOf(index.At, scope);
        if (_facts.Declarations.ClassOf(of) is { IsNamedTuple: false } owner && owner.Methods.TryGetValue("__getitem__", out var method))
        {
            _facts.Calls.Add(_function, method.Name);
            return method.Returns;
        }

        // Of an unknown value, the compiler would call the method of whatever class it is.
        if (of is null)
        {
            foreach (var candidate in _facts.Declarations.Classes.Values.Where(type => type.Methods.ContainsKey("__getitem__")))
            {
                _facts.Calls.Add(_function, candidate.Methods["__getitem__"].Name);
            }
        }

        return (of?.Name, index.At) switch
        {
            ("Tuple", Expression.Integer at) when at.Value >= 0 && at.Value < of.Arguments.Count => of.Arguments[(int)at.Value],
            ("List", _) => of.Arguments[0],
            ("Dict", _) => of.Arguments[1],
            (not null, Expression.Integer at) when _facts.Declarations.ClassOf(of) is { IsNamedTuple: true } tuple && at.Value >= 0 && at.Value < tuple.Attributes.Count =>
                tuple.Attributes[(int)at.Value].Type,
            _ => null,
        };
    }

    private ProgramType? Slice(Expression.Slice slice, Scope scope)
    {
        TypeOf(slice.Of, scope);
        return null;
    }
}
