using System.Globalization;
using System.Text;
using CsvHelper;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Files;

/// <summary>
/// Comma-separated values (RFC 4180) in UTF-8, with a header. The schema's label columns give the label; its columns, or all
/// others in the file's order, the features. Blank lines are passed over. Rows are counted as an editor counts lines, the header being 1.
/// </summary>
internal sealed class CsvRecordReader : RecordReader
{
    private const int MaxRowSize = 16 << 20;

    private static readonly HashSet<string> NoValue = new(StringComparer.OrdinalIgnoreCase) { "", "na", "n/a", "nan", "null", "none", "?" };

    private static readonly CsvReaderOptions Options = new()
    {
        Separator = ',',
        TrimWhitespace = true,
        MaxRecordSize = MaxRowSize,
        TrackLineNumbers = true,
        IncludeValuesInExceptions = false,
        MalformedData = CsvMalformedDataHandling.Throw,
    };

    private readonly CsvReader _rows;
    private readonly string[] _header;
    private readonly int[] _featureColumns;
    private readonly int[] _labelColumns;
    private readonly Dictionary<string, int>? _classes;

    public CsvRecordReader(Stream file, DataSchema schema)
        : base(schema)
    {
        _rows = CsvReader.Create(file, Options);
        _header = ReadHeader();
        _labelColumns = [.. (schema.LabelColumns ?? throw NoLabelColumns()).Select(IndexOf)];
        _featureColumns = schema.Columns is { } names
            ? [.. names.Select(IndexOf)]
            : [.. Enumerable.Range(0, _header.Length).Except(_labelColumns)];
        if (_featureColumns.Length != schema.FeatureCount)
        {
            throw Failure(DataErrors.Column, $"The header has {_featureColumns.Length} feature columns, but the schema has {schema.FeatureCount} features.");
        }

        _classes = schema.ClassNames?.Select((name, index) => (name, index)).ToDictionary(entry => entry.name, entry => entry.index, StringComparer.Ordinal);
    }

    protected override void Dispose(bool disposing) => _rows.Dispose();

    private protected override bool TryReadNext(Span<byte> record)
    {
        if (!Parse(_rows.Read))
        {
            return false;
        }

        if (_rows.FieldCount != _header.Length)
        {
            throw Failure(DataErrors.ColumnCount, $"Row {_rows.LineNumber}: {_rows.FieldCount} cells, but the header has {_header.Length}.");
        }

        for (var index = 0; index < _featureColumns.Length; index++)
        {
            var column = _featureColumns[index];
            Check(PutNumber(record[..Schema.FeatureBytes], Schema.FeatureType, index, _rows.GetSpan(column)), column);
        }

        for (var index = 0; index < _labelColumns.Length; index++)
        {
            var column = _labelColumns[index];
            Check(PutLabel(record[Schema.FeatureBytes..], index, _rows.GetSpan(column)), column);
        }

        return true;
    }

    private ErrorCode? PutLabel(Span<byte> labels, int index, ReadOnlySpan<byte> cell)
    {
        if (Schema.Label is LabelSchema.Regression)
        {
            return PutNumber(labels, ElementType.F32, index, cell);
        }

        if (_classes is null)
        {
            return IsWhole(cell, out var value)
                ? RecordWriter.PutClass(labels, Schema.Label, index, value)
                : WhyNoNumber(cell);
        }

        var name = Encoding.UTF8.GetString(cell);
        return _classes.TryGetValue(name, out var known) ? RecordWriter.PutClass(labels, Schema.Label, index, known)
            : NoValue.Contains(name) ? DataErrors.MissingValue
            : DataErrors.LabelRange;
    }

    private static ErrorCode? PutNumber(Span<byte> elements, ElementType type, int index, ReadOnlySpan<byte> cell)
    {
        if (type == ElementType.F32)
        {
            // Straight to f32: by way of a double, some decimals would round twice.
            return !cell.Contains((byte)0) && float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var single)
                ? RecordWriter.Put(elements, type, index, (double)single)
                : WhyNoNumber(cell);
        }

        return IsWhole(cell, out var whole)
            ? RecordWriter.Put(elements, type, index, whole)
            : WhyNoNumber(cell);
    }

    // The class library passes over zero bytes that follow a number.
    private static bool IsWhole(ReadOnlySpan<byte> cell, out long value)
    {
        value = 0;
        return !cell.Contains((byte)0) && long.TryParse(cell, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    private static ErrorCode WhyNoNumber(ReadOnlySpan<byte> cell) =>
        NoValue.Contains(Encoding.UTF8.GetString(cell)) ? DataErrors.MissingValue : DataErrors.NotANumber;

    private void Check(ErrorCode? code, int column)
    {
        if (code is not null)
        {
            throw Failure(code, $"Row {_rows.LineNumber}, column \"{_header[column]}\": {code.Meaning}");
        }
    }

    private string[] ReadHeader()
    {
        string[] header = Parse(() => _rows.Headers.ToArray());
        return header.Length == 0 ? throw Failure(DataErrors.Empty, "The file is empty.")
            : header.Any(name => name.AsSpan().ContainsAny('\0', '\ufffd')) ? throw Failure(DataErrors.Format, "The file is not CSV: it is not UTF-8 text.")
            : header;
    }

    private static T Parse<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CsvFormatException e)
        {
            throw new OrchestratorException(
                DataErrors.Damaged, $"Row {e.LineNumber}: a quote is out of place, or the row is larger than {MaxRowSize} bytes.", inner: e);
        }
    }

    private int IndexOf(string name)
    {
        var index = Array.IndexOf(_header, name);
        return index < 0 ? throw Failure(DataErrors.Column, $"The header has no column \"{name}\" among its {_header.Length}, which commas part.")
            : Array.LastIndexOf(_header, name) != index ? throw Failure(DataErrors.Column, $"The header has the column \"{name}\" twice.")
            : index;
    }

    private static OrchestratorException NoLabelColumns() =>
        Failure(DataErrors.Schema, "The schema does not say which column holds the label (`columns` of `label` in its file).");

    private static OrchestratorException Failure(ErrorCode code, string message) => new(code, message);
}
