using System.Globalization;

namespace Orchestrator.Crypto.Cbor;

/// <summary>Where two values differ first.</summary>
/// <param name="Path">The place, such as <c>streams[1].frames</c>; empty for the whole.</param>
/// <param name="Before">What the first has there, in words.</param>
/// <param name="After">What the second has there.</param>
public sealed record CborDifference(string Path, string Before, string After)
{
    private const int MaxTextLength = 100;

    /// <summary>The first difference, maps in the order of their keys; null: there is none.</summary>
    public static CborDifference? First(CborValue before, CborValue after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return Find("", before, after);
    }

    private static CborDifference? Find(string path, CborValue? before, CborValue? after) => (before, after) switch
    {
        (CborMap first, CborMap second) => first.Entries.Concat(second.Entries).Select(entry => entry.Key).Distinct()
            .Select(key => Find($"{path}{(path.Length == 0 ? "" : ".")}{Text(key)}", first.TryGet(key, out CborValue? one) ? one : null, second.TryGet(key, out CborValue? other) ? other : null))
            .FirstOrDefault(difference => difference is not null),
        (CborArray first, CborArray second) => Enumerable.Range(0, Math.Max(first.Items.Length, second.Items.Length))
            .Select(index => Find($"{path}[{index}]", first.Items.ElementAtOrDefault(index), second.Items.ElementAtOrDefault(index)))
            .FirstOrDefault(difference => difference is not null),
        (null, null) => null,
        (not null, not null) when before.Equals(after) => null,
        _ => new CborDifference(path, Text(before), Text(after)),
    };

    private static string Text(CborValue? value) => value switch
    {
        null => "nothing",
        CborText text => Shortened(text.Value),
        CborInt number => number.Value.ToString(CultureInfo.InvariantCulture),
        CborFloat number => number.Value.ToString("R", CultureInfo.InvariantCulture),
        CborBool flag => flag.Value ? "true" : "false",
        CborBytes bytes => Shortened(Convert.ToHexStringLower(bytes.Value.Span)),
        CborArray array => string.Create(CultureInfo.InvariantCulture, $"a list of {array.Items.Length}"),
        CborMap map => Shortened($"{{{string.Join(", ", map.Entries.Select(entry => $"{Text(entry.Key)}: {Text(entry.Value)}"))}}}"),
        _ => "another kind of value",
    };

    private static string Shortened(string text) => text.Length <= MaxTextLength ? text : $"{text[..MaxTextLength]}…";
}
