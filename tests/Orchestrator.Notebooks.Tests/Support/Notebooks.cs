using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Notebooks.Documents;
using Orchestrator.Notebooks.Running;

namespace Orchestrator.Notebooks.Tests.Support;

/// <summary>Makes small notebooks and runs them.</summary>
internal static class Notebooks
{
    public static JsonObject Json(params string[] sources) => new()
    {
        ["cells"] = new JsonArray([.. sources.Select((source, index) => Cell($"cell-{index + 1}", source))]),
        ["metadata"] = new JsonObject(),
        ["nbformat"] = 4,
        ["nbformat_minor"] = 5,
    };

    public static Notebook Of(params string[] sources) => Parse(Json(sources));

    public static Notebook Parse(JsonNode json) => Notebook.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), "test.ipynb");

    /// <summary>Runs cells one after another in a folder of no importance; the last may fail.</summary>
    public static async Task<IReadOnlyList<CellResult>> RunAsync(params string[] sources)
    {
        await using var runner = new NotebookRunner(Path.GetTempPath());
        var results = new List<CellResult>();
        foreach (NotebookCell cell in Of(sources).Cells)
        {
            Assert.Null(results.LastOrDefault()?.Failure);
            results.Add(await runner.RunAsync(cell, TestContext.Current.CancellationToken));
        }

        return results;
    }

    /// <summary>Runs cells, and gives the only output of the last.</summary>
    public static async Task<JsonObject> OnlyOutputAsync(params string[] sources)
    {
        CellResult last = (await RunAsync(sources))[^1];
        Assert.Null(last.Failure);
        return Assert.Single(last.Outputs);
    }

    /// <summary>A text of an output: of a stream, or of a representation.</summary>
    public static string? Text(this JsonObject output, string? mimeType = null) =>
        NotebookReader.MultilineText(mimeType is null ? output["text"] : output["data"]![mimeType]);

    private static JsonObject Cell(string id, string source) => new()
    {
        ["cell_type"] = "code",
        ["execution_count"] = null,
        ["id"] = id,
        ["metadata"] = new JsonObject(),
        ["outputs"] = new JsonArray(),
        ["source"] = source,
    };
}
