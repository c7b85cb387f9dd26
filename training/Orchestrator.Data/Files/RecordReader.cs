using Microsoft.Win32.SafeHandles;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Files;

/// <summary>
/// Reads a data file record by record, in constant memory. Every failure is an <see cref="OrchestratorException"/> with a
/// <c>data-*</c> or <c>storage-*</c> code that names the place in the file, never a value from it.
/// </summary>
public abstract class RecordReader : IDisposable
{
    /// <summary>About how many bytes of records are passed on at a time.</summary>
    private const int BlockSize = 1 << 16;

    private protected RecordReader(DataSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        schema.Validate();
        Schema = schema;
    }

    /// <summary>The layout of the records.</summary>
    public DataSchema Schema { get; }

    /// <summary>Records read so far.</summary>
    public long Count { get; private set; }

    /// <summary>
    /// All records as they stand in the file, to be read in whole records and checked as they are read; <see langword="null"/> if the file
    /// holds them in another form, or cannot be read from any offset. To be used instead of reading them one by one, not besides.
    /// </summary>
    public virtual IPlaintextFile? Stored => null;

    /// <summary>Opens a file by its extension: <c>.csv</c>, <c>.npy</c>, <c>.npz</c> or <c>.txt</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="schema">What its records are to be.</param>
    /// <param name="watch">Wraps the opened file, for instance to count what is read of it; disposes it with itself.</param>
    /// <exception cref="OrchestratorException">Also <see cref="DataErrors.Format"/> for another extension.</exception>
    public static RecordReader Open(string path, DataSchema schema, Func<Stream, Stream>? watch = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        Func<Stream, SafeFileHandle?, RecordReader> reader = Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".CSV" => (file, _) => new CsvRecordReader(file, schema),
            ".NPY" => (file, handle) => new NpyRecordReader(file, schema, handle),
            ".NPZ" => (file, _) => new NpzRecordReader(file, schema),
            ".TXT" => (file, _) => new TextRecordReader(file, schema),
            _ => throw new OrchestratorException(DataErrors.Format, $"{Path.GetFileName(path)} has none of the extensions .csv, .npy, .npz, .txt."),
        };
        Stream? stream = null;
        try
        {
            FileStream file = LocalFile.OpenRead(path);
            stream = file;
            stream = watch is null ? stream : watch(stream);
            return reader(stream, file.CanSeek ? file.SafeFileHandle : null);
        }
        catch (Exception e)
        {
            stream?.Dispose();
            if (StorageErrors.Concerns(e))
            {
                throw StorageErrors.From(e, path);
            }

            throw;
        }
    }

    /// <summary>Reads the next record.</summary>
    /// <param name="record">Exactly one record's size.</param>
    /// <returns>False at the end of a file that held at least one record.</returns>
    public bool TryRead(Span<byte> record)
    {
        if (record.Length != Schema.RecordSize)
        {
            throw new ArgumentException($"A record has {Schema.RecordSize} bytes.", nameof(record));
        }

        if (ReadNext(record))
        {
            Count++;
            return true;
        }

        return Count > 0 ? false : throw new OrchestratorException(DataErrors.Empty, "The file holds no records.");
    }

    /// <summary>Writes all remaining records one after the other.</summary>
    /// <param name="write">Takes one or more whole records; the bytes are reused after it returns.</param>
    /// <param name="cancellation">Gives up between calls of <paramref name="write"/>.</param>
    public void CopyTo(Action<ReadOnlySpan<byte>> write, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(write);
        var block = new byte[Math.Max(1, BlockSize / Schema.RecordSize) * Schema.RecordSize];
        int filled;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            for (filled = 0; filled < block.Length && TryRead(block.AsSpan(filled, Schema.RecordSize)); filled += Schema.RecordSize)
            {
            }

            if (filled > 0)
            {
                write(block.AsSpan(0, filled));
            }
        }
        while (filled == block.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the file.</summary>
    protected abstract void Dispose(bool disposing);

    private bool ReadNext(Span<byte> record)
    {
        try
        {
            return TryReadNext(record);
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
            throw StorageErrors.From(e, "The data file");
        }
    }

    /// <summary>Fills the whole record, or returns false at the end.</summary>
    private protected abstract bool TryReadNext(Span<byte> record);
}
