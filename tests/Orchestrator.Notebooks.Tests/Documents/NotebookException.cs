namespace Orchestrator.Notebooks;

/// <summary>A notebook that cannot be read or run, told by file or cell and line.</summary>
public sealed class NotebookException(string message, Exception? inner = null) : Exception(message, inner);
