using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Orchestrator.Notebooks.Interactive;

namespace Microsoft.DotNet.Interactive.Formatting.TabularData;

/// <summary>Rows under named columns. Shown as HTML and as CSV (RFC 4180).</summary>
public sealed class TabularDataResource
{
    private readonly IReadOnlyList<string> _columns;
    private readonly IReadOnlyList<IReadOnlyDictionary<string, object?>> _rows;

    private TabularDataResource(IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyDictionary<string, object?>> rows)
    {
        _columns = columns;
        _rows = rows;
    }

    /// <summary>A row an item; columns are the items' properties, or the keys of dictionaries, in the order of their first appearance.</summary>
    public static TabularDataResource From<T>(IEnumerable<T> items)
    {
        Dictionary<string, object?>[] rows = [.. items.Select(item => Members.Of(item).ToDictionary())];
        return new TabularDataResource([.. rows.SelectMany(row => row.Keys).Distinct()], rows);
    }

    internal string ToHtml()
    {
        string headers = string.Concat(_columns.Select(column => $"<td><span>{HtmlEncoder.Default.Encode(column)}</span></td>"));
        IEnumerable<string> rows = _rows.Select(row => $"<tr>{string.Concat(Cells(row).Select(cell => $"<td>{HtmlFormatter.Format(cell)}</td>"))}</tr>");
        return $"<table><thead><tr>{headers}</tr></thead><tbody>{string.Concat(rows)}</tbody></table>";
    }

    internal string ToCsv()
    {
        var csv = new StringBuilder();
        foreach (IEnumerable<object?> line in _rows.Select(Cells).Prepend(_columns))
        {
            csv.AppendJoin(',', line.Select(cell => Quote(Convert.ToString(cell, CultureInfo.InvariantCulture) ?? ""))).Append('\n');
        }

        return csv.ToString();
    }

    private IEnumerable<object?> Cells(IReadOnlyDictionary<string, object?> row) => _columns.Select(column => row.GetValueOrDefault(column));

    private static string Quote(string cell) => cell.AsSpan().ContainsAny(",\"\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
}
