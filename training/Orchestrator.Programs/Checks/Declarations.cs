using Orchestrator.Programs.Code;

namespace Orchestrator.Programs.Checks;

/// <summary>A function or method of the archive.</summary>
/// <param name="Name">Full name; a method's begins with its class's.</param>
/// <param name="Path">Its file.</param>
/// <param name="Class">The class whose method it is, or null.</param>
/// <param name="Parameters">Types of its parameters, self included.</param>
internal sealed record FunctionDeclaration(
    string Name, string Path, ClassDeclaration? Class, FunctionSource Source, IReadOnlyList<ProgramType> Parameters, ProgramType Returns)
{
    public SourcePosition At(int line) => new(Path, line);
}

/// <summary>A class of the archive; its members are filled in once all classes are known.</summary>
internal sealed record ClassDeclaration(string Name, string Path, ClassSource Source)
{
    /// <summary>Attributes in their order.</summary>
    public List<(string Name, ProgramType Type)> Attributes { get; } = [];

    /// <summary>Types of attributes and constants.</summary>
    public Dictionary<string, ProgramType> Fields { get; } = [];

    public Dictionary<string, FunctionDeclaration> Methods { get; } = [];

    public bool IsModule => Source.Base == "Module";

    public bool IsNamedTuple => Source.Base == "NamedTuple";

    public bool IsInterface => Source.Base is "Interface" or "ModuleInterface";

    public ProgramType Type { get; } = new(Name);
}

/// <summary>Everything that the source files define, by full name.</summary>
internal sealed class Declarations
{
    /// <summary>Names of archives begin so.</summary>
    public const string Root = "__torch__.";

    /// <summary>Methods that libtorch calls where the code shows no call, and which therefore no class may have.</summary>
    private static readonly IReadOnlySet<string> HiddenMethods = new HashSet<string>
    {
        "__getstate__", "__setstate__", "__bool__", "__int__", "__float__", "__complex__", "__str__", "__repr__", "__hash__",
        "__lt__", "__eq__", "__ne__", "__neg__", "__del__",
    };

    private readonly Dictionary<string, ClassDeclaration> _classes = [];
    private readonly Dictionary<string, FunctionDeclaration> _functions = [];

    public Declarations(IReadOnlyList<FileSource> files)
    {
        foreach (var file in files)
        {
            foreach (var source in file.Classes)
            {
                AddClass(file, source);
            }
        }

        foreach (var declaration in _classes.Values)
        {
            Fill(declaration);
        }

        foreach (var file in files)
        {
            foreach (var source in file.Functions)
            {
                var function = Function($"{file.Module}.{source.Name}", file.Path, null, source);
                if (_classes.ContainsKey(function.Name) || !_functions.TryAdd(function.Name, function))
                {
                    throw function.At(source.Line).Refused($"{function.Name} is defined twice");
                }
            }
        }
    }

    public IReadOnlyDictionary<string, ClassDeclaration> Classes => _classes;

    /// <summary>Functions, and methods that have a body.</summary>
    public IEnumerable<FunctionDeclaration> Bodies =>
        _functions.Values.Concat(_classes.Values.Where(type => !type.IsInterface).SelectMany(type => type.Methods.Values));

    public FunctionDeclaration? Function(string name) => _functions.GetValueOrDefault(name);

    public ClassDeclaration? ClassOf(ProgramType? type) => type is null ? null : _classes.GetValueOrDefault(type.Name);

    /// <summary>The type that an expression spells.</summary>
    public ProgramType Type(Expression expression, string path)
    {
        var name = expression is Expression.Index index ? index.Of.Path : expression.Path;
        var arguments = expression is Expression.Index { At: var at } ? at is Expression.Tuple tuple ? tuple.Items : [at] : [];
        if (expression is Expression.Index)
        {
            var isKnown = name is not null && ProgramType.Generic.TryGetValue(name, out var count) && (count == 0 || count == arguments.Count);
            return isKnown ? new ProgramType(name!, [.. arguments.Select(argument => Type(argument, path))]) : throw Unknown(expression, path);
        }

        return expression is Expression.Constant { Text: "None" } ? ProgramType.None
            : name is not null && (ProgramType.Plain.Contains(name) || _classes.ContainsKey(name)) ? new ProgramType(name)
            : throw Unknown(expression, path);
    }

    private static Exception Unknown(Expression expression, string path) =>
        new SourcePosition(path, expression.Line).Refused($"{expression.Path ?? "an expression"} is no type that a program may use");

    private void AddClass(FileSource file, ClassSource source)
    {
        var declaration = new ClassDeclaration($"{file.Module}.{source.Name}", file.Path, source);
        if (declaration.Name.StartsWith("__torch__.torch.classes.", StringComparison.Ordinal) || !_classes.TryAdd(declaration.Name, declaration))
        {
            throw new SourcePosition(file.Path, source.Line).Refused($"{declaration.Name} is defined twice, or where libtorch's own classes are");
        }
    }

    private void Fill(ClassDeclaration declaration)
    {
        foreach (var attribute in declaration.Source.Attributes)
        {
            var type = attribute is { Value: not null, Type: Expression.Index { Of.Path: "Final" } final } ? Type(final.At, declaration.Path)
                : attribute.Value is null ? Type(attribute.Type, declaration.Path)
                : throw new SourcePosition(declaration.Path, attribute.Line).Refused($"{attribute.Name} has a value and is no constant");
            if (!declaration.Fields.TryAdd(attribute.Name, type))
            {
                throw new SourcePosition(declaration.Path, attribute.Line).Refused($"{attribute.Name} is declared twice");
            }

            if (attribute.Value is null)
            {
                declaration.Attributes.Add((attribute.Name, type));
            }
        }

        foreach (var method in declaration.Source.Methods)
        {
            var function = Function($"{declaration.Name}.{method.Name}", declaration.Path, declaration, method);
            if (HiddenMethods.Contains(method.Name) || declaration.Fields.ContainsKey(method.Name) || !declaration.Methods.TryAdd(method.Name, function))
            {
                throw function.At(method.Line).Refused($"the method {method.Name} is not admitted, or is defined twice");
            }
        }
    }

    private FunctionDeclaration Function(string name, string path, ClassDeclaration? type, FunctionSource source)
    {
        if (source.Parameters.Select(parameter => parameter.Name).Distinct().Count() != source.Parameters.Count || (type is not null && source.Parameters.Count == 0))
        {
            throw new SourcePosition(path, source.Line).Refused($"{name} has two parameters of one name, or a method has none");
        }

        var parameters = source.Parameters.Select((parameter, index) => Parameter(parameter, path, index == 0 ? type : null, source.Line)).ToArray();
        return new FunctionDeclaration(name, path, type, source, parameters, Type(source.Returns, path));
    }

    private ProgramType Parameter(Parameter parameter, string path, ClassDeclaration? self, int line)
    {
        var type = parameter.Type is null ? self?.Type : Type(parameter.Type, path);
        return type is not null && (self is null || type.Equals(self.Type))
            ? type
            : throw new SourcePosition(path, line).Refused($"the parameter {parameter.Name} has no type, or not its class");
    }
}
