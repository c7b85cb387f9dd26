using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Bench;

/// <summary>One benchmark's outcome.</summary>
internal sealed record Outcome(IBenchmark Benchmark, Comparison Comparison)
{
    public bool Met => Benchmark.Aim.IsMetBy(Comparison.Ratio);
}

/// <summary>Writes outcomes for programs (<c>bench.json</c>) and for people (a Markdown table).</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    public static string Json(IEnumerable<Outcome> outcomes) => JsonSerializer.Serialize(
        outcomes.Select(o => new { name = o.Benchmark.Name, ratio = Math.Round(o.Comparison.Ratio, 3), aim = o.Benchmark.Aim.Value, met = o.Met }), s_json);

    public static string Markdown(IEnumerable<Outcome> outcomes)
    {
        var text = new StringBuilder();
        text.AppendLine("| name | measured | reference | ratio | aim | met |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- |");
        foreach (Outcome o in outcomes)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {o.Benchmark.Name} | {o.Comparison.Measured:0.###} {o.Comparison.Unit} | {o.Comparison.Reference:0.###} {o.Comparison.Unit} | {o.Comparison.Ratio:0.00#} | {o.Benchmark.Aim} | {(o.Met ? "yes" : "no")} |");
        }

        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"Machine: {Machine.Describe()}");
        text.AppendLine();
        foreach (Outcome o in outcomes)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {o.Benchmark.Name}: {o.Benchmark.Method}");
        }

        return text.ToString();
    }
}
