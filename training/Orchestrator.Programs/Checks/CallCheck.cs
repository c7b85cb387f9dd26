using Orchestrator.Programs.Code;

namespace Orchestrator.Programs.Checks;

/// <summary>Checks calls: what is called is told before anything else.</summary>
internal sealed class CallCheck(ProgramFacts facts, FunctionDeclaration function, ExpressionCheck expressions)
{
    private readonly OperatorCheck _operators = new(facts, function);

    public ProgramType? TypeOf(Expression.Call call, Scope scope)
    {
        var path = call.Callee.Path;
        switch (path?.Split('.')[0])
        {
            case "torch" or "ops":
                return Operator(path, call, scope);
            case "__torch__":
                return Definition(path, call, scope);
            default:
                return call.Callee is Expression.Attribute method ? Method(method, call, scope) : Named(path, call, scope);
        }
    }

    private Exception Refused(Expression.Call call, string why) => function.At(call.Line).Refused(why);

    private ProgramType? Operator(string path, Expression.Call call, Scope scope)
    {
        var arguments = Arguments(call, scope);
        _operators.Check(path, call, arguments);
        return OperatorCheck.ResultOf(path, arguments.Length);
    }

    private ProgramType?[] Arguments(Expression.Call call, Scope scope)
    {
        foreach (var (_, value) in call.Named)
        {
            expressions.TypeOf(value, scope);
        }

        return [.. call.Arguments.Select(argument => expressions.TypeOf(argument, scope))];
    }

    // A function, a named tuple's constructor, or a new object before its attributes are set.
    private ProgramType Definition(string path, Expression.Call call, Scope scope)
    {
        const string New = ".__new__";
        if (path.EndsWith(New, StringComparison.Ordinal) && facts.Declarations.Classes.TryGetValue(path[..^New.Length], out var type))
        {
            return type is { IsInterface: false, IsNamedTuple: false } && call is { Arguments: [{ Path: { } own }], Named: [] } && own == type.Name
                ? type.Type
                : throw Refused(call, $"{path} is called with another class");
        }

        Arguments(call, scope);
        if (facts.Declarations.Classes.TryGetValue(path, out var tuple) && tuple.IsNamedTuple)
        {
            return tuple.Type;
        }

        return facts.Declarations.Function(path) is { } callee ? Call(callee, call) : throw Refused(call, $"the archive does not define {path}");
    }

    private ProgramType Call(FunctionDeclaration callee, Expression.Call call)
    {
        facts.Calls.Add(function, callee.Name, call);
        return callee.Returns;
    }

    private ProgramType? Method(Expression.Attribute method, Expression.Call call, Scope scope)
    {
        var owner = expressions.TypeOf(method.Of, scope);
        var arguments = Arguments(call, scope);
        if (facts.Declarations.ClassOf(owner) is not { IsNamedTuple: false } type || !type.Methods.TryGetValue(method.Field, out var callee))
        {
            // Of a tensor it would be an operator that escapes the table.
            return method.Field == "tolist" && facts.Declarations.ClassOf(owner) is null && arguments.Length == 0
                ? Operator("torch.tolist", call, scope)
                : throw Refused(call, $"{method.Field} is called on what is not known to be an object that has it");
        }

        if (!type.IsInterface)
        {
            return Call(callee, call);
        }

        foreach (var candidate in facts.Declarations.Classes.Values.Where(candidate => !candidate.IsInterface))
        {
            if (candidate.Methods.TryGetValue(method.Field, out var implementation))
            {
                Call(implementation, call);
            }
        }

        return callee.Returns;
    }

    private ProgramType? Named(string? name, Expression.Call call, Scope scope)
    {
        if (name is null)
        {
            throw Refused(call, "what is called has no name");
        }

        if (scope.TryGet(name, out var variable))
        {
            Arguments(call, scope);
            return variable?.Name == "function" && facts.Declarations.Function(variable.Arguments[0].Name) is { } callee
                ? Call(callee, call)
                : throw Refused(call, $"{name} is called and is not known to be a function of the program");
        }

        if (call.Named.Count > 0)
        {
            throw Refused(call, $"{name} takes no named arguments");
        }

        return (name, call.Arguments) switch
        {
            ("annotate", [var type, var value]) => Annotate(type, value, scope),
            ("uninitialized", [var type]) => facts.Declarations.Type(type, function.Path),
            ("unchecked_cast", [var type, var value]) => Cast(type, value, call, scope),
            ("isinstance", [var value, var types]) => IsInstance(value, types, scope),
            ("getattr", [var of, Expression.String field]) => expressions.Field(expressions.TypeOf(of, scope), field.Value, call.Line),
            ("int" or "float" or "bool" or "str" or "sorted", [var value]) => Convert(name, value, call, scope),
            _ => Operator(name, call, scope),
        };
    }

    private ProgramType Annotate(Expression type, Expression value, Scope scope)
    {
        expressions.TypeOf(value, scope);
        return facts.Declarations.Type(type, function.Path);
    }

    /// <summary>
    /// libtorch believes a cast. It looks at numbers, tensors, lists and dictionaries again when it uses them; for tuples and objects
    /// the value's own type must be known to be the one it is cast to, or optional.
    /// </summary>
    private ProgramType Cast(Expression target, Expression value, Expression.Call call, Scope scope)
    {
        var type = facts.Declarations.Type(target, function.Path);
        var from = expressions.TypeOf(value, scope);
        var isSame = type.Equals(from) || (from?.Name == "Optional" && type.Equals(from.Arguments[0]));
        return isSame || type.IsCheckedInUse ? type : throw Refused(call, $"a value that is not known to be of type Optional[{type}] is taken for {type}");
    }

    private ProgramType IsInstance(Expression value, Expression types, Scope scope)
    {
        expressions.TypeOf(value, scope);
        foreach (var type in types is Expression.Tuple tuple ? tuple.Items : [types])
        {
            facts.Declarations.Type(type, function.Path);
        }

        return ProgramType.Bool;
    }

    private ProgramType? Convert(string name, Expression value, Expression.Call call, Scope scope)
    {
        if (facts.Declarations.ClassOf(expressions.TypeOf(value, scope)) is { IsNamedTuple: false })
        {
            throw Refused(call, $"{name} is called on an object");
        }

        return name == "sorted" ? null : new ProgramType(name);
    }
}
