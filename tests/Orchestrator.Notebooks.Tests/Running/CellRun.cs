using System.Text.Json.Nodes;
using Orchestrator.Notebooks.Documents;
using Orchestrator.Notebooks.Interactive;

namespace Orchestrator.Notebooks.Running;

/// <summary>A cell while it runs, and what it has shown so far. Code finds its cell by the flow of execution, tasks that it started included.</summary>
internal sealed class CellRun
{
    private static readonly AsyncLocal<CellRun?> s_current = new();

    private readonly Lock _lock = new();
    private readonly List<JsonObject> _outputs = [];
    private readonly int _executionCount;
    private string _streamName = "";
    private string _streamText = "";
    private bool _isOver;

    public CellRun(int executionCount, FormatterTable formatters)
    {
        _executionCount = executionCount;
        Formatters = formatters;
    }

    /// <summary>The cell that the calling code belongs to.</summary>
    public static CellRun Current => s_current.Value ?? throw new InvalidOperationException("No cell is running.");

    /// <summary>As <see cref="Current"/>; null outside of cells.</summary>
    public static CellRun? CurrentOrNone => s_current.Value;

    /// <summary>How this notebook shows values.</summary>
    public FormatterTable Formatters { get; }

    /// <summary>Makes this the cell of the calling flow of execution.</summary>
    public void Enter() => s_current.Value = this;

    /// <summary>Shows a value.</summary>
    public void Display(object? value, IReadOnlyCollection<string> mimeTypes) => Show(Formatters.Format(value, mimeTypes));

    /// <summary>Shows what is formatted already.</summary>
    public void Show(IReadOnlyList<FormattedValue> values) => Add(OutputJson.DisplayData(values));

    /// <summary>Shows the value of the cell's last expression.</summary>
    public void Return(object? value) => Add(OutputJson.ExecuteResult(Formatters.Format(value, []), _executionCount));

    /// <summary>Shows why the cell failed.</summary>
    public void Fail(string message, IEnumerable<string> traceback) => Add(OutputJson.Error(message, traceback));

    /// <summary>Prints to a stream; what follows on the same stream joins the same output.</summary>
    public void Print(string stream, string text)
    {
        lock (_lock)
        {
            if (_isOver || text.Length == 0)
            {
                return;
            }

            if (_streamName != stream)
            {
                CloseStream();
                _streamName = stream;
            }

            _streamText += text;
        }
    }

    /// <summary>Ends the cell. What its tasks show from now on has no place, in .NET Interactive neither.</summary>
    public IReadOnlyList<JsonObject> Finish()
    {
        lock (_lock)
        {
            CloseStream();
            _isOver = true;
            return _outputs;
        }
    }

    private void Add(JsonObject output)
    {
        lock (_lock)
        {
            if (!_isOver)
            {
                CloseStream();
                _outputs.Add(output);
            }
        }
    }

    private void CloseStream()
    {
        if (_streamText.Length > 0)
        {
            _outputs.Add(OutputJson.Stream(_streamName, _streamText));
        }

        (_streamName, _streamText) = ("", "");
    }
}
