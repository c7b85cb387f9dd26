using System.Text.Json.Nodes;

namespace Orchestrator.Notebooks.Documents;

/// <summary>The outputs of nbformat, as JSON. Long texts become lists of lines, which read well in a diff.</summary>
internal static class OutputJson
{
    public static JsonObject Stream(string name, string text) => new()
    {
        ["name"] = name,
        ["output_type"] = "stream",
        ["text"] = Lines(text),
    };

    public static JsonObject DisplayData(IReadOnlyList<FormattedValue> values) => new()
    {
        ["data"] = Bundle(values),
        ["metadata"] = new JsonObject(),
        ["output_type"] = "display_data",
    };

    public static JsonObject ExecuteResult(IReadOnlyList<FormattedValue> values, int executionCount) => new()
    {
        ["data"] = Bundle(values),
        ["execution_count"] = executionCount,
        ["metadata"] = new JsonObject(),
        ["output_type"] = "execute_result",
    };

    public static JsonObject Error(string message, IEnumerable<string> traceback) => new()
    {
        ["ename"] = "Error",
        ["evalue"] = message,
        ["output_type"] = "error",
        ["traceback"] = new JsonArray([.. traceback.Select(line => JsonValue.Create(line))]),
    };

    private static JsonObject Bundle(IReadOnlyList<FormattedValue> values) =>
        new(values.OrderBy(value => value.MimeType, StringComparer.Ordinal).Select(value => KeyValuePair.Create(value.MimeType, (JsonNode?)Lines(value.Text))));

    private static JsonArray Lines(string text)
    {
        var lines = new JsonArray();
        for (int start = 0; start < text.Length;)
        {
            int end = text.IndexOf('\n', start) is >= 0 and var at ? at + 1 : text.Length;
            lines.Add(text[start..end]);
            start = end;
        }

        return lines;
    }
}
