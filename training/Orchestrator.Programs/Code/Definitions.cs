namespace Orchestrator.Programs.Code;

/// <summary>A parameter of a function.</summary>
internal sealed record Parameter(string Name, Expression? Type, Expression? Default);

/// <summary>A function or method.</summary>
internal sealed record FunctionSource(string Name, IReadOnlyList<Parameter> Parameters, Expression Returns, IReadOnlyList<Statement> Body, int Line);

/// <summary>An attribute of a class, or with a value a constant.</summary>
internal sealed record AttributeSource(string Name, Expression Type, Expression? Value, int Line);

/// <summary>A class.</summary>
/// <param name="Base"><c>Module</c>, <c>NamedTuple</c>, <c>Interface</c>, <c>ModuleInterface</c>, or null.</param>
internal sealed record ClassSource(
    string Name, string? Base, IReadOnlySet<string> Parameters, IReadOnlyList<AttributeSource> Attributes, IReadOnlyList<FunctionSource> Methods, int Line);

/// <summary>A source file.</summary>
/// <param name="Path">In the archive.</param>
/// <param name="Module">Qualifier of what it defines, such as <c>__torch__.torch.nn</c>.</param>
internal sealed record FileSource(string Path, string Module, IReadOnlyList<ClassSource> Classes, IReadOnlyList<FunctionSource> Functions);
