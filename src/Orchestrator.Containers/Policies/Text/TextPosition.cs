namespace Orchestrator.Containers.Policies.Text;

/// <summary>A place in a policy's text; both count from 1, the column in UTF-16 code units.</summary>
public readonly record struct TextPosition(int Line, int Column)
{
    /// <summary>As messages show it.</summary>
    public override string ToString() => $"line {Line}, column {Column}";
}
