using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Html;

namespace Orchestrator.Notebooks.Interactive;

/// <summary>
/// HTML of any value, in the shapes of .NET Interactive's formatters: scalars as preformatted text, sequences of scalars on one
/// line, other sequences as a table, objects as a table that unfolds. The style sheet that it adds to each is left out.
/// </summary>
internal static class HtmlFormatter
{
    /// <summary>Most items of a sequence that are shown.</summary>
    public const int ListLimit = 20;

    private const int DepthLimit = 6;

    public static string Format(object? value) => Format(value, depth: 0);

    private static string Format(object? value, int depth) => value switch
    {
        null => Preformatted("<null>"),
        string text => Encode(text),
        IHtmlContent html => Write(html),
        DateTime time => $"<span>{Encode(time.ToString("u", CultureInfo.InvariantCulture))}</span>",
        DateTimeOffset time => $"<span>{Encode(time.ToString("u", CultureInfo.InvariantCulture))}</span>",
        TimeSpan or Enum => $"<span>{Encode(Text(value))}</span>",
        _ when IsScalar(value) || depth >= DepthLimit => Preformatted(Text(value)),
        IDictionary dictionary => Table("key", [.. dictionary.Keys.Cast<object>().Select(key => (Format(key, depth + 1), dictionary[key]))], depth),
        IEnumerable items => Sequence([.. items.Cast<object?>()], depth),
        _ => Unfolding(value, depth),
    };

    private static string Sequence(object?[] items, int depth)
    {
        if (items.Length == 0)
        {
            return "<i>(empty)</i>";
        }

        if (!items.All(item => item is null or string || IsScalar(item)))
        {
            return Table("index", [.. items.Select((item, index) => (Text(index), item))], depth);
        }

        string more = items.Length > ListLimit ? $", ... ({items.Length - ListLimit} more)" : "";
        return Preformatted($"[ {string.Join(", ", items.Take(ListLimit).Select(Text))}{more} ]");
    }

    private static string Table(string keyName, (string KeyHtml, object? Value)[] entries, int depth)
    {
        IEnumerable<string> rows = entries.Take(ListLimit)
            .Select(entry => $"<tr><td>{entry.KeyHtml}</td><td>{Format(entry.Value, depth + 1)}</td></tr>");
        string more = entries.Length > ListLimit ? $"<tr><td colspan=\"2\"><i>({entries.Length - ListLimit} more)</i></td></tr>" : "";
        return $"<table><thead><tr><th><i>{keyName}</i></th><th>value</th></tr></thead><tbody>{string.Concat(rows)}{more}</tbody></table>";
    }

    private static string Unfolding(object value, int depth)
    {
        KeyValuePair<string, object?>[] members = [.. Members.Of(value)];
        if (members.Length == 0)
        {
            return Preformatted(Text(value));
        }

        string open = depth == 0 ? " open=\"open\"" : "";
        IEnumerable<string> rows = members.Select(member => $"<tr><td>{Encode(member.Key)}</td><td>{Format(member.Value, depth + 1)}</td></tr>");
        return $"<details{open} class=\"dni-treeview\"><summary><span class=\"dni-code-hint\"><code>{Encode(Text(value))}</code></span></summary>"
            + $"<div><table><thead><tr></tr></thead><tbody>{string.Concat(rows)}</tbody></table></div></details>";
    }

    private static bool IsScalar(object value) => value is decimal or BigInteger or Guid or Version or Uri or Type || value.GetType().IsPrimitive;

    private static string Preformatted(string text) => $"<div class=\"dni-plaintext\"><pre>{Encode(text)}</pre></div>";

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "<null>";

    private static string Encode(string text) => HtmlEncoder.Default.Encode(text);

    private static string Write(IHtmlContent html)
    {
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        html.WriteTo(writer, HtmlEncoder.Default);
        return writer.ToString();
    }
}
