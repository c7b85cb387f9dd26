using Orchestrator.Programs.Code;

namespace Orchestrator.Programs.Checks;

/// <summary>What the checks of all functions find out together.</summary>
internal sealed class ProgramFacts(Declarations declarations, OperatorTable table, int constants)
{
    public Declarations Declarations => declarations;

    public OperatorTable Table => table;

    /// <summary>Tensors in the constant table.</summary>
    public int Constants => constants;

    public CallGraph Calls { get; } = new();

    /// <summary>Operators of the table that the code uses, as it spells them.</summary>
    public SortedSet<string> Operators { get; } = new(StringComparer.Ordinal);

    /// <summary>Class of the object whose attribute an expression reads.</summary>
    public Dictionary<Expression.Attribute, ClassDeclaration> AttributeOwners { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Attributes that some code sets, as class and name.</summary>
    public HashSet<(string Class, string Field)> Assigned { get; } = [];

    /// <summary>Calls that take memory which nothing wrote and which the next statement fills.</summary>
    public HashSet<Expression.Call> Filled { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Lines that hold nothing but a warning, by file.</summary>
    public HashSet<(string Path, int Line)> Warnings { get; } = [];
}

/// <summary>
/// Walks a function as libtorch's compiler does, with the types that it needs to tell what every call calls. What it cannot
/// tell, it refuses.
/// </summary>
internal sealed class FunctionCheck
{
    private readonly ProgramFacts _facts;
    private readonly FunctionDeclaration _function;
    private readonly ExpressionCheck _expressions;

    private FunctionCheck(ProgramFacts facts, FunctionDeclaration function)
    {
        _facts = facts;
        _function = function;
        _expressions = new ExpressionCheck(facts, function);
    }

    public static void Run(ProgramFacts facts, FunctionDeclaration function)
    {
        var scope = new Scope(null);
        var check = new FunctionCheck(facts, function);
        foreach (var (parameter, type) in function.Source.Parameters.Zip(function.Parameters))
        {
            check.Set(scope, parameter.Name, type, function.Source.Line);
        }

        check.Block(function.Source.Body, scope, isWhole: true);
    }

    private void Set(Scope scope, string name, ProgramType? type, int line)
    {
        if (ReservedNames.All.Contains(name))
        {
            throw _function.At(line).Refused($"{name} cannot be a variable: it means something else");
        }

        scope.Set(name, type);
    }

    private void Block(IReadOnlyList<Statement> block, Scope scope, bool isWhole = false)
    {
        for (var index = 0; index < block.Count; index++)
        {
            if (block[index] is Statement.Return result)
            {
                if (!isWhole || index != block.Count - 1)
                {
                    throw _function.At(result.Line).Refused("a function returns in the middle, which PyTorch does not print");
                }

                if (result.Value is not null)
                {
                    _expressions.TypeOf(result.Value, scope);
                }
            }
            else
            {
                if (FilledMemory.TakenBy(block[index], block.ElementAtOrDefault(index + 1)) is { } taken)
                {
                    _facts.Filled.Add(taken);
                }

                Check(block[index], scope);
            }
        }
    }

    private void Check(Statement statement, Scope scope)
    {
        switch (statement)
        {
            case Statement.Assign assign:
                Assign(assign, scope);
                break;
            case Statement.SetAttribute set:
                SetAttribute(set, scope);
                break;
            case Statement.Evaluate evaluate:
                Evaluate(evaluate, scope);
                break;
            case Statement.If choice:
                _expressions.TypeOf(choice.Condition, scope);
                var (first, second) = (new Scope(scope), new Scope(scope));
                Block(choice.Then, first);
                Block(choice.Else, second);
                scope.Merge(first, second);
                break;
            case Statement.While loop:
                _expressions.TypeOf(loop.Condition, scope);
                Loop(loop.Body, new Scope(scope), scope);
                break;
            case Statement.For loop:
                _expressions.TypeOf(loop.Limit, scope);
                var body = new Scope(scope);
                Set(body, loop.Variable, ProgramType.Int, loop.Line);
                Loop(loop.Body, body, scope);
                break;
            case Statement.With with:
                With(with, scope);
                break;
        }
    }

    private void Loop(IReadOnlyList<Statement> block, Scope body, Scope scope)
    {
        Block(block, body);
        scope.MergeLoop(body);
    }

    private void Assign(Statement.Assign assign, Scope scope)
    {
        // All values are computed before the first variable is set.
        var types = assign.Values.Select(value => _expressions.TypeOf(value, scope)).ToArray();
        if (assign.Type is not null)
        {
            Set(scope, assign.Targets[0], _facts.Declarations.Type(assign.Type, _function.Path), assign.Line);
            return;
        }

        for (var index = 0; index < assign.Targets.Count; index++)
        {
            var type = assign.Unpacks ? _expressions.ItemOf(types[0], index, assign.Targets.Count) : types[index];
            Set(scope, assign.Targets[index], type, assign.Line);
        }
    }

    private void SetAttribute(Statement.SetAttribute set, Scope scope)
    {
        var type = _expressions.TypeOf(set.Value, scope);
        var owner = _facts.Declarations.ClassOf(_expressions.TypeOf(set.Target.Of, scope));
        if (owner is null || type?.Name == "function" || !owner.Attributes.Any(attribute => attribute.Name == set.Target.Field))
        {
            throw _function.At(set.Line).Refused($"the attribute {set.Target.Field} is set on what is no object that has it");
        }

        _facts.Assigned.Add((owner.Name, set.Target.Field));
    }

    private void Evaluate(Statement.Evaluate evaluate, Scope scope)
    {
        if (evaluate.Value is not Expression.Call { Callee.Path: "torch.warn" } warning)
        {
            _expressions.TypeOf(evaluate.Value, scope);
            return;
        }

        // A warning is taken out of what libtorch gets, so its text is not computed and cannot leave.
        foreach (var argument in warning.Arguments.Concat(warning.Named.Select(named => named.Value)))
        {
            _expressions.TypeOf(argument, scope);
        }

        if (evaluate.Line != evaluate.LastLine)
        {
            throw _function.At(evaluate.Line).Refused("a warning goes over more than one line");
        }

        _facts.Warnings.Add((_function.Path, evaluate.Line));
    }

    private void With(Statement.With with, Scope scope)
    {
        var owner = _facts.Declarations.ClassOf(_expressions.TypeOf(with.Value, scope));
        if (owner is null || owner.IsInterface || !owner.Methods.TryGetValue("__enter__", out var enter) || !owner.Methods.TryGetValue("__exit__", out var exit))
        {
            throw _function.At(with.Line).Refused("with is used on what is no object of the program that can be entered");
        }

        _facts.Calls.Add(_function, enter.Name);
        _facts.Calls.Add(_function, exit.Name);
        if (with.Variable is not null)
        {
            Set(scope, with.Variable, enter.Returns, with.Line);
        }

        // The block belongs to the function: what it sets is there afterwards.
        Block(with.Body, scope);
    }
}
