using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Notebooks.Documents;

/// <summary>
/// A Jupyter notebook in format 4.5 (nbformat.readthedocs.io, "The Notebook file format"). What this reader does not use, such as
/// the metadata of other tools, is kept.
/// </summary>
public sealed class Notebook
{
    /// <summary>Largest file, in bytes.</summary>
    public const int MaxBytes = 16 << 20;

    /// <summary>Most cells.</summary>
    public const int MaxCells = 1000;

    /// <summary>Deepest nesting of the JSON.</summary>
    public const int MaxDepth = 32;

    private static readonly JsonDocumentOptions s_reading = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    // As Jupyter writes it, so that saving there changes nothing here.
    private static readonly JsonSerializerOptions s_writing = new()
    {
        WriteIndented = true,
        IndentSize = 1,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject _json;

    internal Notebook(JsonObject json, IReadOnlyList<NotebookCell> cells)
    {
        _json = json;
        Cells = cells;
    }

    /// <summary>The cells, in order.</summary>
    public IReadOnlyList<NotebookCell> Cells { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="NotebookException">It is not there, or is no such notebook.</exception>
    public static Notebook Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length > MaxBytes)
        {
            throw new NotebookException(file.Exists ? $"{path} has more than {MaxBytes} bytes." : $"{path} does not exist.");
        }

        return Parse(File.ReadAllBytes(path), file.Name);
    }

    /// <summary>Reads a notebook.</summary>
    /// <param name="utf8">The file's content.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <exception cref="NotebookException">It is no such notebook.</exception>
    public static Notebook Parse(ReadOnlySpan<byte> utf8, string name)
    {
        if (utf8.Length > MaxBytes)
        {
            throw new NotebookException($"{name} has more than {MaxBytes} bytes.");
        }

        try
        {
            return NotebookReader.Read(JsonNode.Parse(utf8, documentOptions: s_reading), name);
        }
        catch (JsonException e)
        {
            throw new NotebookException($"{name} is not JSON, or nested too deep: {e.Message}", e);
        }
    }

    /// <summary>The file's content.</summary>
    public string ToJson() => _json.ToJsonString(s_writing) + "\n";
}
