using System.Globalization;
using System.Xml.Linq;

namespace Orchestrator.Sdk.Tests.Results;

public class LossChartTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    [Theory]
    [InlineData("0.61", "0.2")]
    [InlineData("0", "0")]
    [InlineData("-3", "-2")]
    [InlineData("-1", "1")]
    [InlineData("1e-310", "0")]
    [InlineData("1e100", "-1e100")]
    public void ToSvg_AnyValues_StayInThePicture(string first, string second)
    {
        XElement picture = Draw($$"""{"epoch": 1, "loss": {{first}}}""" + "\n" + $$"""{"epoch": 2, "loss": {{second}}}""");

        Assert.All(Points(Assert.Single(picture.Elements(s_svg + "polyline"))), point =>
        {
            Assert.InRange(point[0], 0, 640);
            Assert.InRange(point[1], 0, 320);
        });
    }

    [Fact]
    public void ToSvg_Ticks_AreRoundNumbers()
    {
        string lines = string.Join('\n', Enumerable.Range(1, 30).Select(epoch => string.Create(CultureInfo.InvariantCulture, $$"""{"epoch": {{epoch}}, "loss": {{0.61 / epoch}}}""")));

        string[] labels = [.. Draw(lines).Elements(s_svg + "text").Select(label => label.Value)];

        Assert.Equal(
            ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "1", "5", "10", "15", "20", "25", "30", "epoch", "loss"],
            labels);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void ToSvg_OneEpoch_HasItsTick(int epoch) =>
        Assert.Contains($"{epoch}", Draw($$"""{"epoch": {{epoch}}, "loss": 0.5}""").Elements(s_svg + "text").Select(label => label.Value));

    [Fact]
    public void ToSvg_ValueThatDiverged_IsLeftOut() =>
        Assert.Single(Points(Assert.Single(Draw("""{"epoch": 1, "loss": 1}""" + "\n" + """{"epoch": 2, "loss": 1.7e308}""").Elements(s_svg + "polyline"))));

    [Fact]
    public void ToSvg_EpochWithoutAValue_IsLeftOut()
    {
        XElement picture = Draw("""{"epoch": 1, "a_loss": 1, "b_loss": 1}""" + "\n" + """{"epoch": 2, "b_loss": 2}""");

        Assert.Equal([1, 2], picture.Elements(s_svg + "polyline").Select(line => Points(line).Length));
    }

    [Fact]
    public void ToSvg_NameWithMarkup_IsText() =>
        Assert.Contains("<a>&loss", Draw("""{"epoch": 1, "<a>&loss": 1}""").Elements(s_svg + "text").Select(label => label.Value));

    [Fact]
    public void ToSvg_NoSuchSeries_Throws()
    {
        Assert.Throws<ArgumentException>(() => LossChart.ToSvg(TrainingMetrics.Parse("""{"epoch": 1, "accuracy": 1}""")));
        Assert.Throws<ArgumentException>(() => LossChart.ToSvg(TrainingMetrics.Parse("""{"epoch": 1, "accuracy": 1}"""), "precision"));
        Assert.Throws<ArgumentException>(() => LossChart.ToSvg(TrainingMetrics.Parse("")));
    }

    private static XElement Draw(string metrics) => XDocument.Parse(LossChart.ToSvg(TrainingMetrics.Parse(metrics))).Root!;

    private static double[][] Points(XElement line) =>
        [.. line.Attribute("points")!.Value.Split(' ').Select(point => point.Split(',').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray())];
}
