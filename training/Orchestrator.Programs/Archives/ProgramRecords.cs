using System.Text;

namespace Orchestrator.Programs.Archives;

/// <summary>
/// The records of an archive by path below its one top folder. Only what libtorch needs is kept: the debugging pickles beside the
/// code, extra files and notes about the writer are read by nobody here and never reach libtorch.
/// </summary>
internal sealed class ProgramRecords
{
    public const string Values = "data.pkl";
    public const string Constants = "constants.pkl";
    public const string CodeFolder = "code/";
    public const string CodeSuffix = ".py";
    public const string ValueTensors = "data/";
    public const string ConstantTensors = "constants/";

    private const string Top = "archive/";
    private const string Version = "version";
    private const string HiddenVersion = ".data/version";
    private const string ByteOrder = "byteorder";
    private const int FirstVersion = 3;
    private const int LastVersion = 10;

    private readonly SortedDictionary<string, ReadOnlyMemory<byte>> _records;

    private ProgramRecords(SortedDictionary<string, ReadOnlyMemory<byte>> records) => _records = records;

    public static ProgramRecords Read(ReadOnlyMemory<byte> archive)
    {
        var entries = Zip.Entries(archive.Span);
        var top = entries[0].Name.Split('/')[0] + "/";
        var records = new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        var unpacked = 0L;
        foreach (var entry in entries)
        {
            if (!entry.Name.StartsWith(top, StringComparison.Ordinal) || !IsPath(entry.Name) || !records.TryAdd(entry.Name[top.Length..], default))
            {
                throw Zip.Refused($"has a stray or repeated entry {entry.Name}");
            }

            var path = entry.Name[top.Length..];
            Check(path, entry, ref unpacked);
            records[path] = IsIgnored(path) ? default : Zip.Unpack(archive, entry);
        }

        var version = CheckVersion(records);
        foreach (var path in records.Keys.Where(path => IsIgnored(path) || path is ByteOrder or HiddenVersion).ToArray())
        {
            records.Remove(path);
        }

        records[Version] = version;
        return new ProgramRecords(records);
    }

    /// <summary>Source files by path below the code folder, each once.</summary>
    public IEnumerable<(string Path, ReadOnlyMemory<byte> Source)> Code => _records
        .Where(record => record.Key.StartsWith(CodeFolder, StringComparison.Ordinal))
        .Select(record => (record.Key[CodeFolder.Length..], record.Value));

    public ReadOnlyMemory<byte> this[string path] =>
        _records.TryGetValue(path, out var record) ? record : throw Zip.Refused($"lacks {path}");

    /// <summary>Length of a record, or null if there is none.</summary>
    public int? LengthOf(string path) => _records.TryGetValue(path, out var record) ? record.Length : null;

    /// <summary>Writes the records as an archive, with other code in place of the one that was read.</summary>
    public void Write(Stream destination, IReadOnlyDictionary<string, string> code) => Zip.Write(destination, _records.Select(record => (
        Top + record.Key,
        record.Key.StartsWith(CodeFolder, StringComparison.Ordinal) ? Encoding.ASCII.GetBytes(code[record.Key[CodeFolder.Length..]]) : record.Value)));

    // A path is taken apart by libtorch into modules; none leaves the folder.
    private static bool IsPath(string name) => name.Split('/').All(part => part.Length > 0 && part is not "." and not ".." && !part.Contains('\\', StringComparison.Ordinal));

    private static bool IsIgnored(string path) =>
        path.EndsWith(".debug_pkl", StringComparison.Ordinal)
        || path.StartsWith("extra/", StringComparison.Ordinal)
        || path is ".data/serialization_id" or ".format_version" or ".storage_alignment";

    private static void Check(string path, ZipEntry entry, ref long unpacked)
    {
        var isCode = path.StartsWith(CodeFolder, StringComparison.Ordinal);
        var isKnown = path is Values or Constants or Version or HiddenVersion or ByteOrder || IsIgnored(path)
            || (isCode && path.EndsWith(CodeSuffix, StringComparison.Ordinal))
            || IsTensor(path, ValueTensors) || IsTensor(path, ConstantTensors);
        if (!isKnown)
        {
            throw Zip.Refused($"has a record {path}, which is no part of a saved module");
        }

        if (entry.Deflated && !isCode && !IsIgnored(path))
        {
            throw Zip.Refused($"has a packed record {path}; only code is packed");
        }

        unpacked += isCode && !IsIgnored(path) ? entry.Size : 0;
        if (unpacked > ProgramLimits.MaxCodeBytes)
        {
            throw ProgramLimits.Exceeded($"more source than {ProgramLimits.MaxCodeBytes} bytes", $"{ProgramLimits.MaxCodeBytes}");
        }

        if (path is Values or Constants && entry.Size > ProgramLimits.MaxPickleBytes)
        {
            throw ProgramLimits.Exceeded($"{entry.Size} bytes in {path}", $"{ProgramLimits.MaxPickleBytes}");
        }
    }

    private static bool IsTensor(string path, string folder) =>
        path.StartsWith(folder, StringComparison.Ordinal) && path.Length > folder.Length && path[folder.Length..].All(char.IsAsciiDigit);

    /// <summary>The version of the format and of the operators, which selects how libtorch reads old operators.</summary>
    private static ReadOnlyMemory<byte> CheckVersion(SortedDictionary<string, ReadOnlyMemory<byte>> records)
    {
        if (records.TryGetValue(ByteOrder, out var order) && !order.Span.SequenceEqual("little"u8))
        {
            throw Zip.Refused("holds numbers that are not little endian");
        }

        var said = new[] { Version, HiddenVersion }.Where(records.ContainsKey).Select(path => records[path]).ToArray();
        if (said.Length == 0 || said.Any(version => !version.Span.SequenceEqual(said[0].Span)))
        {
            throw Zip.Refused("does not say its version, or says two");
        }

        var text = Encoding.ASCII.GetString(said[0].Span).TrimEnd('\n');
        if (text.Length is 0 or > 2 || !text.All(char.IsAsciiDigit) || int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) is < FirstVersion or > LastVersion)
        {
            throw Zip.Refused($"is of another version than {FirstVersion} to {LastVersion}: save it with PyTorch 1.13 or older");
        }

        return said[0];
    }
}
