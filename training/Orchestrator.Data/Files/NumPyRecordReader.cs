using System.IO.Compression;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Files;

/// <summary>Records whose elements come from NumPy arrays with the records along the first axis.</summary>
internal abstract class NumPyRecordReader : RecordReader
{
    private long _left;

    private protected NumPyRecordReader(DataSchema schema)
        : base(schema)
    {
    }

    /// <summary>Sets how many records there are to read.</summary>
    private protected long Left
    {
        set => _left = value;
    }

    /// <summary>Reads one record's elements.</summary>
    private protected abstract void ReadElements(out NpyArray.Elements features, out NpyArray.Elements labels);

    /// <summary>Makes sure that nothing follows the last record: what is passed over in silence is lost.</summary>
    private protected abstract void RequireEnd();

    private protected override bool TryReadNext(Span<byte> record)
    {
        if (_left == 0)
        {
            RequireEnd();
            return false;
        }

        _left--;
        ReadElements(out var features, out var labels);
        Put(features, labels, record, Count);
        return true;
    }

    /// <summary>Writes one record.</summary>
    /// <param name="features">The features' elements.</param>
    /// <param name="labels">The label's.</param>
    /// <param name="record">Where it goes.</param>
    /// <param name="number">Its number, for messages.</param>
    /// <exception cref="OrchestratorException">An element is not what the schema asks for.</exception>
    private protected void Put(NpyArray.Elements features, NpyArray.Elements labels, Span<byte> record, long number)
    {
        if (!features.TryCopyTo(record[..Schema.FeatureBytes], Schema.FeatureType))
        {
            for (var index = 0; index < features.Count; index++)
            {
                Check(Put(record[..Schema.FeatureBytes], Schema.FeatureType, index, features[index]), number, "feature", index);
            }
        }

        for (var index = 0; index < labels.Count; index++)
        {
            Check(PutLabel(record[Schema.FeatureBytes..], index, labels[index]), number, "label", index);
        }
    }

    private ErrorCode? PutLabel(Span<byte> elements, int index, NpyArray.Number number)
    {
        if (Schema.Label is LabelSchema.Regression)
        {
            return Put(elements, ElementType.F32, index, number);
        }

        if (!number.IsReal)
        {
            return RecordWriter.PutClass(elements, Schema.Label, index, number.Whole);
        }

        return double.IsNaN(number.Real) ? DataErrors.MissingValue
            : number.Real != Math.Truncate(number.Real) ? DataErrors.NotANumber
            : Math.Abs(number.Real) > int.MaxValue ? DataErrors.LabelRange
            : RecordWriter.PutClass(elements, Schema.Label, index, (long)number.Real);
    }

    private static ErrorCode? Put(Span<byte> elements, ElementType type, int index, NpyArray.Number number) => number.IsReal
        ? RecordWriter.Put(elements, type, index, number.Real)
        : RecordWriter.Put(elements, type, index, number.Whole);

    private static void Check(ErrorCode? code, long number, string part, int index)
    {
        if (code is not null)
        {
            throw new OrchestratorException(code, $"Record {number}, {part} {index}: {code.Meaning}");
        }
    }
}

/// <summary>One .npy array of shape [records, features + labels]: a table whose last columns are the label.</summary>
internal sealed class NpyRecordReader : NumPyRecordReader
{
    private readonly NpyArray _array;

    /// <summary>Reads the header.</summary>
    /// <param name="file">Positioned at the magic; disposed with this.</param>
    /// <param name="schema">What the records are to be.</param>
    /// <param name="handle">The same file, if it can be read from any offset.</param>
    public NpyRecordReader(Stream file, DataSchema schema, SafeFileHandle? handle)
        : base(schema)
    {
        _array = new NpyArray(file, "in the file");
        var columns = schema.FeatureCount + schema.LabelCount;
        if (_array.Shape.Count != 2 || _array.Shape[1] != columns)
        {
            throw _array.Failure(
                DataErrors.ArrayShape, $"has shape [{string.Join(", ", _array.Shape)}], not [records, {columns}] with the label last");
        }

        Left = _array.Shape[0];
        if (handle is not null && _array.Holds(schema.FeatureType) && _array.Holds(schema.Label.Type) && _array.Shape[0] > 0)
        {
            var rows = new PlaintextFile(handle, _array.Start);
            long size = schema.RecordSize;
            Stored = rows.Length / size == _array.Shape[0] && rows.Length % size == 0 ? new StoredRows(this, rows) : null;
        }
    }

    public override IPlaintextFile? Stored { get; }

    protected override void Dispose(bool disposing) => _array.Dispose();

    private protected override void ReadElements(out NpyArray.Elements features, out NpyArray.Elements labels) =>
        Split(_array.Read(Schema.FeatureCount + Schema.LabelCount), out features, out labels);

    private protected override void RequireEnd() => _array.RequireEnd();

    private void Split(NpyArray.Elements row, out NpyArray.Elements features, out NpyArray.Elements labels)
    {
        features = row[..Schema.FeatureCount];
        labels = row[Schema.FeatureCount..];
    }

    /// <summary>Rows that are records as they stand. For several threads.</summary>
    private sealed class StoredRows(NpyRecordReader reader, PlaintextFile rows) : IPlaintextFile
    {
        public long Length => rows.Length;

        public void Read(long offset, Span<byte> destination)
        {
            try
            {
                rows.Read(offset, destination);
            }
            catch (IOException e)
            {
                throw StorageErrors.From(e, "The data file");
            }

            // A label beside f4 is one, so one look at all numbers does; only a refusal has to find the place.
            if (reader.Schema.FeatureType != ElementType.F32 || !NpyArray.AreFinite(destination))
            {
                Check(offset, destination);
            }
        }

        private void Check(long offset, Span<byte> rows)
        {
            int size = reader.Schema.RecordSize;
            for (int start = 0; start < rows.Length; start += size)
            {
                Span<byte> row = rows.Slice(start, size);
                reader.Split(new NpyArray.Elements(reader._array, row), out var features, out var labels);
                reader.Put(features, labels, row, (offset + start) / size);
            }
        }
    }
}

/// <summary>
/// A .npz archive (zip, stored or deflated) with the arrays <c>features</c> of shape [records, shape...] and <c>labels</c> of shape
/// [records] or [records, elements...].
/// </summary>
internal sealed class NpzRecordReader : NumPyRecordReader
{
    private readonly ZipArchive _archive;
    private readonly NpyArray _features;
    private readonly NpyArray _labels;

    public NpzRecordReader(Stream file, DataSchema schema)
        : base(schema)
    {
        try
        {
            _archive = new ZipArchive(file, ZipArchiveMode.Read);
        }
        catch (InvalidDataException e)
        {
            throw new OrchestratorException(DataErrors.Format, "The file is not a .npz archive.", inner: e);
        }

        _features = OpenArray("features");
        _labels = OpenArray("labels");
        long[] shape = [.. schema.Shape.Select(extent => (long)extent)];
        Require(_features, schema.FeatureCount, shape);
        Require(_labels, schema.LabelCount, schema.Label is LabelSchema.PerPosition ? shape : [schema.LabelCount]);
        if (_features.Shape[0] != _labels.Shape[0])
        {
            throw _labels.Failure(DataErrors.ArrayShape, $"has {_labels.Shape[0]} records, but features has {_features.Shape[0]}");
        }

        Left = _features.Shape[0];
    }

    protected override void Dispose(bool disposing)
    {
        _features.Dispose();
        _labels.Dispose();
        _archive.Dispose();
    }

    private protected override void ReadElements(out NpyArray.Elements features, out NpyArray.Elements labels)
    {
        try
        {
            features = _features.Read(Schema.FeatureCount);
            labels = _labels.Read(Schema.LabelCount);
        }
        catch (InvalidDataException e)
        {
            throw new OrchestratorException(DataErrors.Damaged, "The .npz archive cannot be decompressed.", inner: e);
        }
    }

    private protected override void RequireEnd()
    {
        _features.RequireEnd();
        _labels.RequireEnd();
    }

    private NpyArray OpenArray(string name)
    {
        ZipArchiveEntry[] entries = [.. _archive.Entries.Where(entry => entry.FullName == $"{name}.npy")];
        if (entries.Length != 1)
        {
            throw new OrchestratorException(
                DataErrors.ArrayShape,
                $"The archive has {(entries.Length == 0 ? "no array" : "more than one array")} called {name}; numpy.savez(path, features=x, labels=y) makes one of each.");
        }

        try
        {
            return new NpyArray(entries[0].Open(), name, entries[0].Crc32);
        }
        catch (InvalidDataException e)
        {
            throw new OrchestratorException(DataErrors.Damaged, $"The array {name} cannot be decompressed.", inner: e);
        }
    }

    /// <summary>One element a record may be an axis of its own or none.</summary>
    private static void Require(NpyArray array, int elements, ReadOnlySpan<long> shape)
    {
        long[] found = [.. array.Shape.Skip(1)];
        if (array.Shape.Count == 0 || !(shape.SequenceEqual(found) || (elements == 1 && found.Length == 0)))
        {
            throw array.Failure(
                DataErrors.ArrayShape, $"has shape [{string.Join(", ", array.Shape)}], not [records, {string.Join(", ", shape.ToArray())}]");
        }
    }
}
