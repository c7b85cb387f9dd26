using System.Text.Json.Nodes;
using Orchestrator.Notebooks.Comparison;
using Orchestrator.Notebooks.Documents;
using Orchestrator.Notebooks.Running;

namespace Orchestrator.Notebooks.Tests;

public class StoredOutputsTests
{
    [Theory]
    [InlineData("same", "same")]
    [InlineData("loss 0.1234", "loss 0.1235")]
    [InlineData("x 620.1", "x 621.0")]
    [InlineData("at https://127.0.0.1:1024", "at https://127.0.0.1:40001")]
    [InlineData("orchestrator-party:lab:abc_-9", "orchestrator-party:lab:XYZ")]
    [InlineData("digest 0123456789abcdef0123", "digest ffffffffffffffffffff")]
    [InlineData("2026-01-02T03:04:05.678+00:00", "2030-11-22T13:14:15Z")]
    [InlineData("Wall time: 12.5ms", "Wall time: 900ms")]
    public void Differences_OnlyWhatEveryRunHasAnew_None(string stored, string fresh) =>
        Assert.Empty(StoredOutputs.Differences([Run(Stream(stored), Stream(fresh))]));

    [Theory]
    [InlineData("loss 0.123", "loss 0.133")]
    [InlineData("accuracy 0.9825", "accuracy 0.9737")]
    [InlineData("228 records", "227 records")]
    [InlineData("1 2 3", "1 2")]
    [InlineData("one", "two")]
    [InlineData("orchestrator-party:lab:abc", "orchestrator-party:clinic:abc")]
    [InlineData("completed", "")]
    public void Differences_AnythingElse_IsToldByCell(string stored, string fresh) =>
        Assert.StartsWith("Cell 1 ", Assert.Single(StoredOutputs.Differences([Run(Stream(stored), Stream(fresh))])), StringComparison.Ordinal);

    [Fact]
    public void Differences_AsLinesOrAsOneText_None()
    {
        JsonObject joined = Stream("a\nb");
        joined["text"] = "a\nb";

        Assert.Empty(StoredOutputs.Differences([Run(joined, Stream("a\nb"))]));
    }

    [Fact]
    public void Differences_OtherKindOfOutput_IsTold() =>
        Assert.Single(StoredOutputs.Differences([Run(OutputJson.DisplayData([new FormattedValue("text/plain", "a")]), Stream("a"))]));

    [Fact]
    public void Differences_OtherRepresentation_IsTold() =>
        Assert.Single(StoredOutputs.Differences(
            [Run(OutputJson.DisplayData([new FormattedValue("text/plain", "a")]), OutputJson.DisplayData([new FormattedValue("text/html", "a")]))]));

    [Fact]
    public void Differences_NeverRun_IsTold()
    {
        NotebookCell cell = Support.Notebooks.Of("1").Cells[0];

        Assert.Single(StoredOutputs.Differences([new CellResult(cell, 1, [], null)]));
    }

    private static JsonObject Stream(string text) => OutputJson.Stream("stdout", text);

    private static CellResult Run(JsonObject stored, JsonObject fresh)
    {
        NotebookCell cell = Support.Notebooks.Of("1").Cells[0];
        cell.Store(1, [stored]);
        return new CellResult(cell, 1, [fresh], null);
    }
}
