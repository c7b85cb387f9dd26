using System.Xml.Linq;

namespace Orchestrator.Sdk.Tests;

public sealed class TrainingMetricsTests
{
    private const string Lines = """
        {"epoch":1,"train_loss":0.5,"accuracy":0.8}
        {"epoch":3,"train_loss":0.25,"accuracy":0.9,"evaluation_loss":0.3}
        """;

    [Fact]
    public void Metrics_Read_AreSeriesOverEpochs()
    {
        TrainingMetrics metrics = TrainingMetrics.Parse(Lines);

        Assert.Equal([1, 3], metrics.Epochs);
        Assert.Equal([0.5, 0.25], metrics.Series["train_loss"]);
        Assert.Equal([double.NaN, 0.3], metrics.Series["evaluation_loss"]);
    }

    [Fact]
    public void Metrics_WithTheDevicesSalt_AreReadWithoutIt()
    {
        TrainingMetrics metrics = TrainingMetrics.Parse($"{{\"salt\":\"{new string('0', 64)}\"}}\n{Lines}   \n");

        Assert.Equal([1, 3], metrics.Epochs);
        Assert.Equal(0.25, metrics.Final["train_loss"]);
    }

    [Fact]
    public void Metrics_Table_HasALineAnEpoch()
    {
        string[] lines = TrainingMetrics.Parse(Lines).ToTable().TrimEnd().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Equal(["epoch", "accuracy", "evaluation_loss", "train_loss"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["3", "0.9", "0.3", "0.25"], lines[2].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Single(lines.Select(line => line.TrimEnd('\r').Length).Distinct());
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("{\"train_loss\":1}")]
    [InlineData("{\"epoch\":0}")]
    [InlineData("{\"epoch\":1,\"loss\":\"low\"}")]
    [InlineData("[1]")]
    public void Metrics_ThatAreNone_AreRefused(string lines) =>
        Assert.Same(ResultErrors.MetricsInvalid, Failures.CodeOf(() => TrainingMetrics.Parse(lines)));

    [Fact]
    public void Chart_OfLosses_IsAnSvgWithALineASeries()
    {
        XElement svg = XElement.Parse(LossChart.ToSvg(TrainingMetrics.Parse(Lines)));
        XElement[] lines = [.. svg.Elements().Where(element => element.Name.LocalName == "polyline")];

        Assert.Equal("svg", svg.Name.LocalName);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.DoesNotContain("NaN", line.Attribute("points")!.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Chart_OfOneEpoch_OrAConstant_IsDrawnToo()
    {
        XElement.Parse(LossChart.ToSvg(TrainingMetrics.Parse("{\"epoch\":1,\"train_loss\":0}")));
    }

    [Fact]
    public void Chart_OfAnUnknownSeries_IsAMistake() =>
        Assert.Throws<ArgumentException>(() => LossChart.ToSvg(TrainingMetrics.Parse(Lines), "speed"));
}
