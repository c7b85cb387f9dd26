using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Layers.Tar;

/// <summary>The records of a pax header (POSIX.1-2001): <c>LENGTH KEY=VALUE\n</c>, of which the known keys replace fields of the next header.</summary>
internal sealed class PaxRecords
{
    private const string AttributePrefix = "SCHILY.xattr.";
    private const string SparsePrefix = "GNU.sparse.";
    private const string LibArchivePrefix = "LIBARCHIVE.xattr.";

    private readonly Dictionary<string, byte[]> _records = new(StringComparer.Ordinal);

    /// <summary>No records.</summary>
    public static PaxRecords None { get; } = new();

    /// <summary>Reads a header's content.</summary>
    public static PaxRecords Parse(ReadOnlySpan<byte> content)
    {
        var records = new PaxRecords();
        while (!content.IsEmpty)
        {
            if (!Utf8Parser.TryParse(content, out int length, out int digits) || length <= digits + 2 || length > content.Length
                || content[0] is (byte)'-' or (byte)'+' || content[digits] != ' ' || content[length - 1] != '\n')
            {
                throw Malformed("a record's length is wrong");
            }

            ReadOnlySpan<byte> record = content[(digits + 1)..(length - 1)];
            int separator = record.IndexOf((byte)'=');
            if (separator <= 0)
            {
                throw Malformed("a record has no key");
            }

            string key = Encoding.Latin1.GetString(record[..separator]);
            if (!records._records.TryAdd(key, record[(separator + 1)..].ToArray()) && !key.StartsWith(SparsePrefix, StringComparison.Ordinal))
            {
                throw Malformed($"the key {TarEntry.Show(key)} occurs twice");
            }

            content = content[length..];
        }

        return records;
    }

    /// <summary>Whether the file is described in one of the ways in which pax headers describe sparse files.</summary>
    public bool IsSparse => _records.Keys.Any(key => key.StartsWith(SparsePrefix, StringComparison.Ordinal) || key == "SCHILY.realsize");

    /// <summary>Whether any key counts; a header for all entries may hold comments, but nothing that tools apply differently.</summary>
    public bool HasEffect => IsSparse || _records.Keys.Any(key =>
        key is "path" or "linkpath" or "size" or "uid" or "gid" or "mtime" or "hdrcharset" || key.StartsWith(AttributePrefix, StringComparison.Ordinal));

    /// <summary>A name, one character for each byte; null: the header's own counts.</summary>
    public string? Text(string key) =>
        _records.TryGetValue(key, out byte[]? value) && value.Length > 0 ? Encoding.Latin1.GetString(value) : null;

    /// <summary>A decimal number; null: the header's own counts.</summary>
    public long? Number(string key) => Text(key) is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number
        : throw Malformed($"{key} is not a number");

    /// <summary>Time of modification, seconds with a fraction; null: the header's own counts.</summary>
    public TarTime? Modified
    {
        get
        {
            if (Text("mtime") is not { } text)
            {
                return null;
            }

            string[] parts = text.Split('.');
            string fraction = parts.Length == 2 ? parts[1] : "";
            if (parts.Length > 2 || fraction.Any(c => !char.IsAsciiDigit(c))
                || !long.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seconds) || Math.Abs((decimal)seconds) > 1L << 60)
            {
                throw Malformed("mtime is not a time");
            }

            uint nanoseconds = uint.Parse(fraction.PadRight(9, '0')[..9], CultureInfo.InvariantCulture);

            // -1.25 s are 0.75 s after -2 s.
            return text[0] == '-' && nanoseconds > 0 ? new TarTime(seconds - 1, 1_000_000_000 - nanoseconds) : new TarTime(seconds, nanoseconds);
        }
    }

    /// <summary>Extended attributes by name.</summary>
    public ImmutableSortedDictionary<string, byte[]> Attributes()
    {
        string? foreign = _records.Keys.FirstOrDefault(key => key.StartsWith("SCHILY.acl.", StringComparison.Ordinal)
            || (key.StartsWith(LibArchivePrefix, StringComparison.Ordinal) && !_records.ContainsKey(AttributePrefix + Uri.UnescapeDataString(key[LibArchivePrefix.Length..]))));
        return foreign is null
            ? _records.Where(record => record.Key.StartsWith(AttributePrefix, StringComparison.Ordinal))
                .ToImmutableSortedDictionary(record => record.Key[AttributePrefix.Length..], record => record.Value, StringComparer.Ordinal)
            : throw new OrchestratorException(LayerErrors.Attribute, $"The record {TarEntry.Show(foreign)} says in one archiver's own way what would otherwise be lost.");
    }

    private static OrchestratorException Malformed(string finding) => new(LayerErrors.Malformed, $"A pax header cannot be read: {finding}.");
}
