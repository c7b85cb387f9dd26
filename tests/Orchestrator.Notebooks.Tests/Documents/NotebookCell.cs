using System.Text.Json.Nodes;

namespace Orchestrator.Notebooks.Documents;

/// <summary>A cell of a notebook. What it printed can be replaced; everything else stays as it was read.</summary>
public sealed class NotebookCell
{
    private readonly JsonObject _json;

    internal NotebookCell(JsonObject json, int number, string id, CellKind kind, string source, string language)
    {
        _json = json;
        Number = number;
        Id = id;
        Kind = kind;
        Source = source;
        Language = language;
    }

    /// <summary>Its place in the notebook, counted from 1.</summary>
    public int Number { get; }

    /// <summary>Its id, unique in the notebook.</summary>
    public string Id { get; }

    /// <summary>What it is.</summary>
    public CellKind Kind { get; }

    /// <summary>Its text, with lines separated by <c>\n</c>.</summary>
    public string Source { get; }

    /// <summary>The language of a code cell, as its metadata or else the notebook's says.</summary>
    public string Language { get; }

    /// <summary>The stored outputs of a code cell; none for the others.</summary>
    public IReadOnlyList<JsonObject> Outputs => [.. (_json["outputs"] as JsonArray ?? []).Select(output => (JsonObject)output!)];

    /// <summary>The stored execution count of a code cell; null if it has not run.</summary>
    public int? ExecutionCount => _json["execution_count"]?.GetValue<int>();

    /// <summary>Replaces what is stored of a code cell's last run.</summary>
    public void Store(int executionCount, IEnumerable<JsonObject> outputs)
    {
        if (Kind != CellKind.Code)
        {
            throw new InvalidOperationException($"Cell {Number} has no outputs.");
        }

        _json["execution_count"] = executionCount;
        _json["outputs"] = new JsonArray([.. outputs.Select(output => output.DeepClone())]);
    }
}
