using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Notebooks.Documents;
using Orchestrator.Notebooks.Tests.Support;

namespace Orchestrator.Notebooks.Tests;

public class NotebookTests
{
    [Fact]
    public void Parse_SourceAsLines_JoinsThem()
    {
        JsonObject json = Support.Notebooks.Json("x");
        json["cells"]![0]!["source"] = new JsonArray("var a = 1;\n", "a");

        Assert.Equal("var a = 1;\na", Support.Notebooks.Parse(json).Cells[0].Source);
    }

    [Fact]
    public void Parse_LanguageOfCellAndNotebook_CellFirst()
    {
        JsonObject json = Support.Notebooks.Json("a", "b", "c");
        json["metadata"] = JsonNode.Parse("""{"polyglot_notebook": {"kernelInfo": {"defaultKernelName": "fsharp"}}}""");
        json["cells"]![0]!["metadata"] = JsonNode.Parse("""{"polyglot_notebook": {"kernelName": "html"}}""");
        json["cells"]![1]!["metadata"] = JsonNode.Parse("""{"dotnet_interactive": {"language": "csharp"}}""");

        Assert.Equal(["html", "csharp", "fsharp"], Support.Notebooks.Parse(json).Cells.Select(cell => cell.Language));
    }

    [Fact]
    public void ToJson_AfterStore_HasTheOutputsAndEverythingElse()
    {
        JsonObject json = Support.Notebooks.Json("1");
        json["metadata"]!["of another tool"] = "kept";
        Notebook notebook = Support.Notebooks.Parse(json);

        notebook.Cells[0].Store(3, [OutputJson.Stream("stdout", "one\ntwo")]);

        Notebook again = Notebook.Parse(Encoding.UTF8.GetBytes(notebook.ToJson()), "again.ipynb");
        Assert.Equal(3, again.Cells[0].ExecutionCount);
        Assert.Equal("one\ntwo", Assert.Single(again.Cells[0].Outputs).Text());
        Assert.Equal(notebook.ToJson(), again.ToJson());
        Assert.Contains("of another tool", notebook.ToJson(), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Broken => new()
    {
        { "other format", """{"cells": [], "metadata": {}, "nbformat": 3, "nbformat_minor": 5}""" },
        { "without ids", """{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}""" },
        { "no metadata", """{"cells": [], "nbformat": 4, "nbformat_minor": 5}""" },
        { "no cells", """{"metadata": {}, "nbformat": 4, "nbformat_minor": 5}""" },
        { "not an object", "[]" },
        { "not JSON", "{" },
        { "a key twice", """{"cells": [], "cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}""" },
        { "too deep", new string('[', Notebook.MaxDepth + 1) + new string(']', Notebook.MaxDepth + 1) },
        { "too large", new string(' ', Notebook.MaxBytes) + "{}" },
        { "cell is no object", WithCell("7") },
        { "no id", WithCell("""{"cell_type": "markdown", "metadata": {}, "source": ""}""") },
        { "id with a space", WithCell("""{"id": "a b", "cell_type": "markdown", "metadata": {}, "source": ""}""") },
        { "unknown cell type", WithCell("""{"id": "a", "cell_type": "sql", "metadata": {}, "source": ""}""") },
        { "source is a number", WithCell("""{"id": "a", "cell_type": "markdown", "metadata": {}, "source": 1}""") },
        { "lines with a number", WithCell("""{"id": "a", "cell_type": "markdown", "metadata": {}, "source": ["a", 1]}""") },
        { "cell without metadata", WithCell("""{"id": "a", "cell_type": "markdown", "source": ""}""") },
        { "no execution count", WithCell("""{"id": "a", "cell_type": "code", "metadata": {}, "source": "", "outputs": []}""") },
        { "execution count 0", WithCell("""{"id": "a", "cell_type": "code", "metadata": {}, "source": "", "outputs": [], "execution_count": 0}""") },
        { "no outputs", WithCell("""{"id": "a", "cell_type": "code", "metadata": {}, "source": "", "execution_count": null}""") },
        { "output is null", WithOutput("null") },
        { "unknown output", WithOutput("""{"output_type": "update"}""") },
        { "stream of no name", WithOutput("""{"output_type": "stream", "text": ""}""") },
        { "display without data", WithOutput("""{"output_type": "display_data", "metadata": {}}""") },
        { "result without count", WithOutput("""{"output_type": "execute_result", "metadata": {}, "data": {}}""") },
        { "error without traceback", WithOutput("""{"output_type": "error", "ename": "Error", "evalue": "no"}""") },
        { "two cells of one id", WithCell("""{"id": "a", "cell_type": "raw", "metadata": {}, "source": ""}, {"id": "a", "cell_type": "raw", "metadata": {}, "source": ""}""") },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Parse_BrokenNotebook_IsRefused(string why, string json)
    {
        Assert.NotEmpty(why);
        Assert.Throws<NotebookException>(() => Notebook.Parse(Encoding.UTF8.GetBytes(json), "broken.ipynb"));
    }

    [Fact]
    public void Parse_TooManyCells_IsRefused()
    {
        string[] sources = [.. Enumerable.Repeat("", Notebook.MaxCells + 1)];
        Assert.Throws<NotebookException>(() => Support.Notebooks.Of(sources));
    }

    [Fact]
    public void Read_NoFile_IsRefused() =>
        Assert.Throws<NotebookException>(() => Notebook.Read(Path.Combine(Path.GetTempPath(), "no such notebook.ipynb")));

    private static string WithCell(string cell) => $$"""{"cells": [{{cell}}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}""";

    private static string WithOutput(string output) =>
        WithCell($$"""{"id": "a", "cell_type": "code", "metadata": {}, "source": "", "execution_count": null, "outputs": [{{output}}]}""");
}
