namespace Orchestrator.Notebooks.Documents;

/// <summary>The field <c>cell_type</c>.</summary>
public enum CellKind
{
    /// <summary>Runs.</summary>
    Code,

    /// <summary>Is read.</summary>
    Markdown,

    /// <summary>Is neither run nor rendered.</summary>
    Raw,
}
