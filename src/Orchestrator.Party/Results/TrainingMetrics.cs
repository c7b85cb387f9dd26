using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>The figures of every reported epoch, from a metrics output (JSON lines).</summary>
public sealed class TrainingMetrics
{
    internal const int MaxBytes = 256 << 20;

    private const string EpochKey = "epoch";
    private const string SaltKey = "salt";

    private TrainingMetrics(IReadOnlyList<int> epochs, IReadOnlyDictionary<string, IReadOnlyList<double>> series)
    {
        Epochs = epochs;
        Series = series;
    }

    /// <summary>The reported epochs, counted from 1.</summary>
    public IReadOnlyList<int> Epochs { get; }

    /// <summary>By name, a value for every one of <see cref="Epochs"/>; NaN where an epoch has none.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> Series { get; }

    /// <summary>By name, the values of the last of <see cref="Epochs"/>.</summary>
    public IReadOnlyDictionary<string, double> Final =>
        Series.Where(series => series.Value.Count > 0).ToDictionary(series => series.Key, series => series.Value[^1], StringComparer.Ordinal);

    /// <summary>Reads a metrics file.</summary>
    /// <exception cref="OrchestratorException"><see cref="ResultErrors.MetricsInvalid"/>, or the file cannot be read.</exception>
    public static TrainingMetrics Read(string path) => Parse(LocalFile.ReadAllText(path, MaxBytes, ResultErrors.MetricsInvalid));

    /// <summary>Reads JSON lines: objects with <c>epoch</c> and numbers by name, before them one with the device's <c>salt</c> (docs/spec/device.md).</summary>
    /// <exception cref="OrchestratorException"><see cref="ResultErrors.MetricsInvalid"/>.</exception>
    public static TrainingMetrics Parse(string jsonLines)
    {
        ArgumentNullException.ThrowIfNull(jsonLines);
        var rows = new List<Dictionary<string, double>>();
        string[] lines = jsonLines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        int salted = lines is [var first, ..] && IsSalt(first) ? 1 : 0;
        for (int line = salted; line < lines.Length; line++)
        {
            rows.Add(ParseRow(lines[line], line + 1));
        }

        string[] names = [.. rows.SelectMany(row => row.Keys).Where(name => name != EpochKey).Distinct().Order(StringComparer.Ordinal)];
        return new TrainingMetrics(
            [.. rows.Select(row => (int)row[EpochKey])],
            names.ToDictionary(name => name, name => (IReadOnlyList<double>)[.. rows.Select(row => row.GetValueOrDefault(name, double.NaN))], StringComparer.Ordinal));
    }

    /// <summary>A table with a line an epoch, columns aligned.</summary>
    public string ToTable()
    {
        string[] names = [.. Series.Keys.Order(StringComparer.Ordinal)];
        var lines = new List<string[]> { (string[])[EpochKey, .. names] };
        for (int row = 0; row < Epochs.Count; row++)
        {
            int at = row;
            lines.Add([Text(Epochs[row]), .. names.Select(name => double.IsNaN(Series[name][at]) ? "" : Text(Series[name][at]))]);
        }

        var table = new StringBuilder();
        int[] widths = [.. lines[0].Select((_, column) => lines.Max(line => line[column].Length))];
        foreach (string[] line in lines)
        {
            table.AppendLine(string.Join("  ", line.Select((cell, column) => cell.PadLeft(widths[column]))));
        }

        return table.ToString();
    }

    private static bool IsSalt(string line) => line.StartsWith($"{{\"{SaltKey}\":", StringComparison.Ordinal);

    private static Dictionary<string, double> ParseRow(string line, int number)
    {
        try
        {
            Dictionary<string, double> row = JsonSerializer.Deserialize<Dictionary<string, double>>(line) ?? [];
            return row.TryGetValue(EpochKey, out double epoch) && epoch is >= 1 and <= int.MaxValue
                ? row
                : throw new OrchestratorException(ResultErrors.MetricsInvalid, $"Line {number} has no epoch.");
        }
        catch (JsonException e)
        {
            throw new OrchestratorException(ResultErrors.MetricsInvalid, $"Line {number} is not a JSON object of numbers.", inner: e);
        }
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
