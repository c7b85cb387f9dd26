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
    private const int MostValueSteps = 8;
    private const int MostEpochSteps = 10;

    // What is beyond these, as NaN is, is no point of a picture.
    private const double MostValue = 1e100;
    private const double LeastRange = 1e-100;

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

        double[] values = [.. drawn.SelectMany(name => metrics.Series[name]).Where(IsDrawable)];
        var scale = Scale.Of(metrics.Epochs[0], metrics.Epochs[^1], values);
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
        foreach (double value in scale.ValueTicks())
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{scale.Y(value):F1}\" y2=\"{scale.Y(value):F1}\" stroke=\"#dddddd\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{scale.Y(value) + 4:F1}\" text-anchor=\"end\">{value:G3}</text>");
        }

        foreach (long epoch in scale.EpochTicks())
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{scale.X(epoch):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{epoch}</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 8}\" text-anchor=\"middle\">epoch</text>");
    }

    private static void DrawSeries(StringBuilder svg, Scale scale, TrainingMetrics metrics, string name, int index)
    {
        string color = s_colors[index % s_colors.Length];
        IReadOnlyList<double> values = metrics.Series[name];
        IEnumerable<string> points = metrics.Epochs
            .Zip(values)
            .Where(point => IsDrawable(point.Second))
            .Select(point => string.Create(CultureInfo.InvariantCulture, $"{scale.X(point.First):F1},{scale.Y(point.Second):F1}"));
        svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" points=\"{string.Join(' ', points)}\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left + (index * 160)}\" y=\"18\" fill=\"{color}\">{SecurityElement.Escape(name)}</text>");
    }

    private static bool IsDrawable(double value) => Math.Abs(value) <= MostValue;

    /// <summary>From epochs and values to the picture's coordinates, in pixels. The axis of values spans whole steps, 0 among them.</summary>
    private readonly record struct Scale(long First, long Last, double Lowest, int Steps, double Step)
    {
        public static Scale Of(int first, int last, double[] values)
        {
            double lowest = Math.Min(0, values.DefaultIfEmpty(0).Min());
            double highest = Math.Max(0, values.DefaultIfEmpty(0).Max());
            double step = RoundStep(highest > lowest ? Math.Max(highest - lowest, LeastRange) : 1, MostValueSteps);
            double below = Math.Floor(lowest / step);
            return new Scale(first, last, below * step, (int)Math.Clamp(Math.Ceiling(highest / step) - below, 1, MostValueSteps + 1), step);
        }

        public IEnumerable<double> ValueTicks()
        {
            (double lowest, double step) = (Lowest, Step);
            return Enumerable.Range(0, Steps + 1).Select(i => lowest + (i * step));
        }

        /// <summary>Multiples of a round step, and the first epoch if there is room for it.</summary>
        public IEnumerable<long> EpochTicks()
        {
            long step = (long)Math.Max(1, RoundStep(Last - First, MostEpochSteps));
            long multiple = (First + step - 1) / step * step;
            if (2 * (multiple - First) > step)
            {
                yield return First;
            }

            for (; multiple <= Last; multiple += step)
            {
                yield return multiple;
            }
        }

        public double X(long epoch) => Left + ((Width - Left - Right) * (double)(epoch - First) / Math.Max(Last - First, 1));

        public double Y(double value) => Height - Bottom - ((Height - Top - Bottom) * (value - Lowest) / (Steps * Step));

        // The smallest of 1, 2, 5 and 10 times a power of ten that divides a range into at most so many steps; 0 for an empty range.
        private static double RoundStep(double range, int most)
        {
            double power = Math.Pow(10, Math.Floor(Math.Log10(range / most)));
            return power * new[] { 1, 2, 5, 10 }.First(factor => range <= most * factor * power || factor == 10);
        }
    }
}
