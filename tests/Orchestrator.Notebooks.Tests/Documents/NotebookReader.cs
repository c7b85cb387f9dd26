using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Orchestrator.Notebooks.Documents;

/// <summary>Checks a notebook's structure while it reads it.</summary>
internal static partial class NotebookReader
{
    private const int Format = 4;
    private const int MinorFormat = 5;
    private const int QuotedLength = 60;
    private const string DefaultLanguage = "csharp";

    public static Notebook Read(JsonNode? root, string name)
    {
        JsonObject notebook = root as JsonObject ?? throw new NotebookException($"{name} is not a notebook.");
        if (Integer(notebook, "nbformat") != Format || Integer(notebook, "nbformat_minor") != MinorFormat)
        {
            throw new NotebookException($"{name} is not in notebook format {Format}.{MinorFormat}.");
        }

        JsonObject metadata = notebook["metadata"] as JsonObject ?? throw new NotebookException($"{name} has no metadata.");
        JsonArray cells = notebook["cells"] as JsonArray ?? throw new NotebookException($"{name} has no list of cells.");
        if (cells.Count > Notebook.MaxCells)
        {
            throw new NotebookException($"{name} has {cells.Count} cells, more than {Notebook.MaxCells}.");
        }

        string language = Text(Child(Child(metadata, "polyglot_notebook"), "kernelInfo"), "defaultKernelName") ?? DefaultLanguage;
        NotebookCell[] read = [.. cells.Select((cell, index) => ReadCell(cell, index + 1, language, name))];
        return read.GroupBy(cell => cell.Id).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw new NotebookException($"{name} has two cells with the id {twice.Key}.")
            : new Notebook(notebook, read);
    }

    private static NotebookCell ReadCell(JsonNode? node, int number, string notebookLanguage, string name)
    {
        NotebookException Bad(string what) => new($"{name}, cell {number}: {what}.");
        JsonObject cell = node as JsonObject ?? throw Bad("not an object");
        string id = Text(cell, "id") is { } text && IdForm().IsMatch(text) ? text : throw Bad("no id of 1 to 64 letters, digits, - and _");
        JsonObject metadata = cell["metadata"] as JsonObject ?? throw Bad("no metadata");
        CellKind kind = Text(cell, "cell_type") switch
        {
            "code" => CellKind.Code,
            "markdown" => CellKind.Markdown,
            "raw" => CellKind.Raw,
            _ => throw Bad("cell_type is none of code, markdown, raw"),
        };
        string source = MultilineText(cell["source"]) ?? throw Bad("source is neither a string nor a list of strings");
        string language = Text(Child(metadata, "polyglot_notebook"), "kernelName") ?? Text(Child(metadata, "dotnet_interactive"), "language") ?? notebookLanguage;
        if (kind == CellKind.Code)
        {
            RequireRun(cell, Bad);
        }

        return new NotebookCell(cell, number, id, kind, source, language);
    }

    private static void RequireRun(JsonObject cell, Func<string, NotebookException> bad)
    {
        if (!cell.TryGetPropertyValue("execution_count", out JsonNode? count) || (count is not null && Integer(cell, "execution_count") is not > 0))
        {
            throw bad("execution_count is neither null nor a positive integer");
        }

        JsonArray outputs = cell["outputs"] as JsonArray ?? throw bad("no list of outputs");
        foreach (JsonNode? output in outputs.Where(output => !IsOutput(output as JsonObject)))
        {
            string text = output?.ToJsonString() ?? "null";
            throw bad($"not an output: {text[..Math.Min(QuotedLength, text.Length)]}");
        }
    }

    private static bool IsOutput(JsonObject? output) => Text(output, "output_type") switch
    {
        "stream" => Text(output, "name") is "stdout" or "stderr" && MultilineText(output!["text"]) is not null,
        "display_data" => IsBundle(output!),
        "execute_result" => IsBundle(output!) && Integer(output!, "execution_count") is > 0,
        "error" => Text(output, "ename") is not null && Text(output, "evalue") is not null && output!["traceback"] is JsonArray,
        _ => false,
    };

    private static bool IsBundle(JsonObject output) => output["metadata"] is JsonObject && output["data"] is JsonObject;

    /// <summary>nbformat's multi-line string: one string, or a list of them which are joined as they are.</summary>
    internal static string? MultilineText(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonArray lines when lines.All(line => line is JsonValue value && value.GetValueKind() == JsonValueKind.String) =>
            string.Concat(lines.Select(line => line!.GetValue<string>())),
        _ => null,
    };

    private static JsonObject? Child(JsonObject? node, string key) => node?[key] as JsonObject;

    private static string? Text(JsonObject? node, string key) =>
        node?[key] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static int? Integer(JsonObject node, string key) =>
        node[key] is JsonValue value && value.TryGetValue(out int number) ? number : null;

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}\\z")]
    private static partial Regex IdForm();
}
