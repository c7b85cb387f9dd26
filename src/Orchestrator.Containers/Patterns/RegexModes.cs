namespace Orchestrator.Containers.Patterns;

/// <summary>Flags that a group of a pattern sets, as <c>(?i)</c>.</summary>
[Flags]
internal enum RegexModes
{
    None = 0,
    FoldCase = 1,
    MultiLine = 2,
    DotMatchesNewLine = 4,
}
