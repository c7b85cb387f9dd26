using System.Globalization;
using System.Security;
using System.Text;

namespace Orchestrator.Sdk;

/// <summary>Draws metrics over epochs as an SVG picture that stands alone: for notebooks and reports.</summary>
public static class LossChart
{
    private const int Width = 640;
    private const int Height = 320;
    private const int Left = 64;
    private const int Right = 16;
    private const int Top = 28;
    private const int Bottom = 40;
    private const int GridLines = 4;

    // Colours that stay apart for colour-blind readers (Okabe and Ito, 2008).
    private static readonly string[] s_colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

    /// <summary>Draws series of <paramref name="metrics"/>.</summary>
    /// <param name="metrics">The figures.</param>
    /// <param name="names">Which; none draws every series whose name ends in <c>loss</c>.</param>
    /// <returns>An <c>svg</c> element.</returns>
    /// <exception cref="ArgumentException">There is no such series, or nothing to draw.</exception>
    public static string ToSvg(TrainingMetrics metrics, params string[] names)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(names);
        string[] drawn = names.Length > 0 ? names : [.. metrics.Series.Keys.Where(name => name.EndsWith("loss", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        if (drawn.Length == 0 || drawn.Any(name => !metrics.Series.ContainsKey(name)) || metrics.Epochs.Count == 0)
        {
            throw new ArgumentException("There is no such series to draw.", nameof(names));
        }

        double[] values = [.. drawn.SelectMany(name => metrics.Series[name]).Where(double.IsFinite)];
        var scale = new Scale(metrics.Epochs[0], metrics.Epochs[^1], Math.Min(0, values.DefaultIfEmpty(0).Min()), values.DefaultIfEmpty(1).Max());
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#ffffff\"/>");
        DrawAxes(svg, scale);
        for (int i = 0; i < drawn.Length; i++)
        {
            DrawSeries(svg, scale, metrics, drawn[i], i);
        }

        return svg.Append("</svg>").ToString();
    }

    private static void DrawAxes(StringBuilder svg, Scale scale)
    {
        for (int i = 0; i <= GridLines; i++)
        {
            double value = scale.Lowest + ((scale.Highest - scale.Lowest) * i / GridLines);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{scale.Y(value):F1}\" y2=\"{scale.Y(value):F1}\" stroke=\"#dddddd\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{scale.Y(value) + 4:F1}\" text-anchor=\"end\">{value:G3}</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{Height - Bottom + 18}\">{scale.First}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - Right}\" y=\"{Height - Bottom + 18}\" text-anchor=\"end\">{scale.Last}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 8}\" text-anchor=\"middle\">epoch</text>");
    }

    private static void DrawSeries(StringBuilder svg, Scale scale, TrainingMetrics metrics, string name, int index)
    {
        string color = s_colors[index % s_colors.Length];
        IReadOnlyList<double> values = metrics.Series[name];
        IEnumerable<string> points = metrics.Epochs
            .Zip(values)
            .Where(point => double.IsFinite(point.Second))
            .Select(point => string.Create(CultureInfo.InvariantCulture, $"{scale.X(point.First):F1},{scale.Y(point.Second):F1}"));
        svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" points=\"{string.Join(' ', points)}\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left + (index * 160)}\" y=\"18\" fill=\"{color}\">{SecurityElement.Escape(name)}</text>");
    }

    /// <summary>From epochs and values to the picture's coordinates, in pixels.</summary>
    private readonly record struct Scale(int First, int Last, double Lowest, double Highest)
    {
        public double X(int epoch) => Left + ((Width - Left - Right) * (double)(epoch - First) / Math.Max(Last - First, 1));

        public double Y(double value) => Height - Bottom - ((Height - Top - Bottom) * (value - Lowest) / (Highest > Lowest ? Highest - Lowest : 1));
    }
}
