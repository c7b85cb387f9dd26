using System.Globalization;
using System.Numerics;
using Orchestrator.Errors;

namespace Orchestrator.Yaml;

/// <summary>A value in a YAML file together with its place, so that every complaint names file, line and column.</summary>
public abstract class YamlValue(string path, YamlPlace place)
{
    /// <summary>The keys that lead here, e.g. <c>plan.optimizer</c>; empty for the document.</summary>
    public string Path { get; } = path;

    public YamlPlace Place { get; } = place;

    /// <summary>Reads a mapping; a key that <paramref name="read"/> did not ask for is refused.</summary>
    public T AsMap<T>(Func<YamlMap, T> read)
    {
        YamlMap map = this as YamlMap ?? throw Wrong("a mapping of keys to values");
        T result = read(map);
        map.RefuseUnread();
        return result;
    }

    /// <summary>Reads a sequence, item by item.</summary>
    public IReadOnlyList<T> AsList<T>(Func<YamlValue, T> read, int maxCount = 4096)
    {
        YamlList list = this as YamlList ?? throw Wrong("a list");
        return list.Items.Count <= maxCount ? [.. list.Items.Select(read)] : throw Bad($"has {list.Items.Count} items, more than {maxCount}");
    }

    /// <summary>A non-empty text of at most <paramref name="maxLength"/> characters without control characters.</summary>
    public string AsText(int maxLength = 1024)
    {
        string text = Scalar("a text").Text;
        if (text.Length == 0 || text.Length > maxLength || text.Any(char.IsControl))
        {
            throw Bad($"is not a text of 1 to {maxLength} printable characters");
        }

        return text;
    }

    /// <summary>A non-empty text that may have several lines.</summary>
    public string AsBlock(int maxLength)
    {
        string text = Scalar("a text").Text;
        return text.Length > 0 && text.Length <= maxLength ? text : throw Bad($"is not a text of 1 to {maxLength} characters");
    }

    /// <summary>What a process can be given as argument: a text, which may be empty or have several lines, without a zero character.</summary>
    public string AsArgument(int maxLength = 131_072)
    {
        string text = Scalar("a text").Text;
        return text.Length <= maxLength && !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : throw Bad($"is not a text of at most {maxLength} characters without a zero character");
    }

    /// <summary>An unquoted decimal integer from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public long AsInteger(long min, long max) => AsNumber<long>("an integer", NumberStyles.AllowLeadingSign, min, max);

    /// <inheritdoc cref="AsInteger(long, long)"/>
    public int AsInteger(int min, int max) => (int)AsInteger((long)min, max);

    /// <summary>An unquoted finite number from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public double AsNumber(double min, double max) => AsNumber<double>("a number", NumberStyles.Float, min, max);

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool AsFlag() => Scalar("true or false") switch
    {
        { Plain: true, Text: "true" } => true,
        { Plain: true, Text: "false" } => false,
        _ => throw Wrong("true or false"),
    };

    /// <summary>One of <paramref name="choices"/> by its name.</summary>
    public T AsChoice<T>(params ReadOnlySpan<(string Name, T Value)> choices)
    {
        string text = Scalar("a word").Text;
        foreach ((string name, T value) in choices)
        {
            if (name == text)
            {
                return value;
            }
        }

        var names = new List<string>();
        foreach ((string name, _) in choices)
        {
            names.Add(name);
        }

        throw Bad($"is \"{text}\", not one of {string.Join(", ", names)}");
    }

    /// <summary>Runs <paramref name="parse"/> over the text; its <see cref="FormatException"/> or <see cref="ArgumentException"/> becomes this place's complaint.</summary>
    public T AsParsed<T>(Func<string, T> parse)
    {
        string text = AsText();
        try
        {
            return parse(text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw Bad($"cannot be read: {e.Message}");
        }
    }

    /// <summary>A complaint about this value.</summary>
    /// <param name="finding">Continues the sentence that begins with the value's name.</param>
    public OrchestratorException Bad(string finding) =>
        new(YamlErrors.Value, $"{Place}: {(Path.Length == 0 ? "the document" : Path)} {finding}.");

    private OrchestratorException Wrong(string expected) => Bad($"is not {expected}");

    private YamlScalar Scalar(string expected) => this as YamlScalar ?? throw Wrong(expected);

    private T AsNumber<T>(string expected, NumberStyles styles, T min, T max)
        where T : struct, INumber<T>
    {
        YamlScalar scalar = Scalar(expected);
        if (!scalar.Plain || !T.TryParse(scalar.Text, styles, CultureInfo.InvariantCulture, out T value) || !T.IsFinite(value))
        {
            throw Wrong(expected);
        }

        return value >= min && value <= max ? value : throw Bad($"is {value}, not from {min} to {max}");
    }
}

/// <summary>Where something stands in a file, counted from 1.</summary>
public readonly record struct YamlPlace(string File, long Line, long Column)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
}

/// <summary>A single value; <paramref name="plain"/> says that it stood without quotes.</summary>
public sealed class YamlScalar(string path, YamlPlace place, string text, bool plain) : YamlValue(path, place)
{
    public string Text { get; } = text;

    public bool Plain { get; } = plain;
}

/// <summary>A sequence.</summary>
public sealed class YamlList(string path, YamlPlace place, IReadOnlyList<YamlValue> items) : YamlValue(path, place)
{
    public IReadOnlyList<YamlValue> Items { get; } = items;
}

/// <summary>A value in a mapping and where its key stands.</summary>
public readonly record struct YamlEntry(YamlPlace KeyPlace, YamlValue Value);

/// <summary>A mapping. Notes which keys were asked for, so that none passes unread.</summary>
public sealed class YamlMap(string path, YamlPlace place, IReadOnlyDictionary<string, YamlEntry> entries) : YamlValue(path, place)
{
    private readonly HashSet<string> _read = [];

    public IReadOnlyDictionary<string, YamlEntry> Entries { get; } = entries;

    public YamlValue Required(string key) => Optional(key)
        ?? throw new OrchestratorException(YamlErrors.MissingKey, $"{Place}: {(Path.Length == 0 ? "the document" : Path)} lacks the key {key}.");

    public YamlValue? Optional(string key)
    {
        _read.Add(key);
        return Entries.TryGetValue(key, out YamlEntry entry) ? entry.Value : null;
    }

    public void RefuseUnread()
    {
        foreach ((string key, YamlEntry entry) in Entries)
        {
            if (!_read.Contains(key))
            {
                throw new OrchestratorException(
                    YamlErrors.UnknownKey,
                    $"{entry.KeyPlace}: unknown key {entry.Value.Path}; known here: {string.Join(", ", _read.Order(StringComparer.Ordinal))}.");
            }
        }
    }
}
