using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orchestrator.Notebooks.Documents;
using Orchestrator.Notebooks.Running;

namespace Orchestrator.Notebooks.Comparison;

/// <summary>
/// Compares the outputs stored in a notebook with those of a fresh run. What is new in every run is left out: digests and keys,
/// addresses, times. Numbers may differ as far as another processor's arithmetic may move them.
/// </summary>
public static partial class StoredOutputs
{
    /// <summary>How far a number may be off, as a share of it, or absolutely below 1. Counts below 500 must be the same.</summary>
    public const double Tolerance = 0.002;

    /// <summary>What differs, an item a cell; empty if nothing does.</summary>
    public static IReadOnlyList<string> Differences(IEnumerable<CellResult> fresh) => [.. fresh.Select(Difference).OfType<string>()];

    private static string? Difference(CellResult fresh)
    {
        if (fresh.Cell.ExecutionCount != fresh.ExecutionCount)
        {
            return $"Cell {fresh.Cell.Number} is stored as run {fresh.Cell.ExecutionCount}, and was run {fresh.ExecutionCount}.";
        }

        string stored = Text(fresh.Cell.Outputs);
        string now = Text(fresh.Outputs);
        return IsSame(stored, now) ? null : $"Cell {fresh.Cell.Number} is stored with\n{stored}\nand gave\n{now}";
    }

    private static bool IsSame(string stored, string fresh) =>
        Number().Replace(stored, "#") == Number().Replace(fresh, "#")
        && Numbers(stored).Zip(Numbers(fresh)).All(pair => Math.Abs(pair.First - pair.Second) <= Tolerance * Math.Max(1, Math.Abs(pair.First)));

    private static IEnumerable<double> Numbers(string text) =>
        Number().Matches(text).Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture));

    private static string Text(IEnumerable<JsonObject> outputs) => string.Join('\n', outputs.Select(Text));

    private static string Text(JsonObject output)
    {
        var copy = (JsonObject)output.DeepClone();
        Simplify(copy);
        if (copy["data"] is JsonObject representations)
        {
            Simplify(representations);
        }

        return copy.ToJsonString();
    }

    // A list of lines and the text that they make are the same.
    private static void Simplify(JsonObject holder)
    {
        foreach (string key in holder.Select(entry => entry.Key).ToArray())
        {
            if (NotebookReader.MultilineText(holder[key]) is { } text)
            {
                holder[key] = WithoutWhatIsNew(text);
            }
        }
    }

    private static string WithoutWhatIsNew(string text)
    {
        text = Time().Replace(text, "(time)");
        text = Duration().Replace(text, "(duration)");
        text = Overhead().Replace(text, "$1 (seconds)");
        text = Keys().Replace(text, "$1(keys)");
        text = Hexadecimal().Replace(text, "(digest)");
        return Address().Replace(text, "(address)");
    }

    [GeneratedRegex(@"\d+(\.\d+)?")]
    private static partial Regex Number();

    [GeneratedRegex(@"\b\d{4}-\d\d-\d\dT\d\d:\d\d:[\d.]+(Z|[+-]\d\d:\d\d)")]
    private static partial Regex Time();

    [GeneratedRegex(@"\b[\d.]+ ?m?s\b")]
    private static partial Regex Duration();

    [GeneratedRegex(@"\b(attest|key wait|transfer|decrypt|ingest|compute|egress) \d+\.\d+")]
    private static partial Regex Overhead();

    [GeneratedRegex(@"(orchestrator-party:[^:]+:)[A-Za-z0-9_-]+")]
    private static partial Regex Keys();

    [GeneratedRegex(@"\b[0-9a-f]{16,}")]
    private static partial Regex Hexadecimal();

    [GeneratedRegex(@"\b127\.0\.0\.1:\d+")]
    private static partial Regex Address();
}
