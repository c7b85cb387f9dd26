using Orchestrator.Errors;

namespace Orchestrator.Programs.Code;

/// <summary>A line of a source file in the archive.</summary>
/// <param name="Path">The file, such as <c>code/__torch__.py</c>.</param>
/// <param name="Line">From 1.</param>
public readonly record struct SourcePosition(string Path, int Line)
{
    /// <summary>As messages have it.</summary>
    public override string ToString() => $"{Path}, line {Line}";

    internal OrchestratorException Refused(string why) => new(ProgramErrors.CodeRefused, $"{this}: {why}");
}
