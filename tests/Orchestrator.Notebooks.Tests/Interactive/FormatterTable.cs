using System.Globalization;
using Microsoft.DotNet.Interactive.Formatting.TabularData;
using Orchestrator.Notebooks.Documents;

namespace Orchestrator.Notebooks.Interactive;

/// <summary>Chooses how a value is shown: as the notebook registered it, or else by .NET Interactive's defaults.</summary>
internal sealed class FormatterTable
{
    private const string Html = "text/html";
    private const string PlainText = "text/plain";
    private const string Csv = "text/csv";

    private readonly List<(Type Type, string MimeType, Func<object, string> Format)> _registered = [];

    public void Register(Type type, string mimeType, Func<object, string> format) => _registered.Insert(0, (type, mimeType, format));

    /// <summary>Formats a value in the representations asked for, or in those that its type prefers.</summary>
    public IReadOnlyList<FormattedValue> Format(object? value, IReadOnlyCollection<string> mimeTypes) =>
        [.. (mimeTypes.Count > 0 ? mimeTypes : Preferred(value)).Select(mimeType => new FormattedValue(mimeType, Format(value, mimeType)))];

    private static string[] Preferred(object? value) => value switch
    {
        string => [PlainText],
        TabularDataResource => [Html, Csv],
        _ => [Html],
    };

    private string Format(object? value, string mimeType)
    {
        Func<object, string>? registered = value is null
            ? null
            : _registered.FirstOrDefault(entry => entry.MimeType == mimeType && entry.Type.IsInstanceOfType(value)).Format;
        return (registered, mimeType, value) switch
        {
            ({ } format, _, { } present) => format(present),
            (_, Html, TabularDataResource table) => table.ToHtml(),
            (_, Csv, TabularDataResource table) => table.ToCsv(),
            (_, Html, _) => HtmlFormatter.Format(value),
            (_, PlainText, _) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "<null>",
            _ => throw new NotebookException($"There is no formatter for {value?.GetType().Name ?? "null"} as {mimeType}."),
        };
    }
}
