using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.Files;

/// <summary>
/// Text for models that predict the next byte. With T features a record, record k's features are bytes kT to kT + T - 1 of the file and
/// its labels the bytes after each. What is left at the end and is shorter than T + 1 bytes is not used.
/// </summary>
internal sealed class TextRecordReader : RecordReader
{
    private readonly BufferedStream _file;
    private readonly byte[] _window;

    public TextRecordReader(Stream file, DataSchema schema)
        : base(schema)
    {
        if (schema.Label is not LabelSchema.PerPosition || schema.FeatureType == ElementType.F32 || schema.Shape.Count != 1)
        {
            throw new OrchestratorException(
                DataErrors.Schema, "Text needs a schema with one dimension of u8 or i64 features and per_position labels.");
        }

        _file = new BufferedStream(file, 1 << 16);
        _window = new byte[schema.FeatureCount + 1];
    }

    protected override void Dispose(bool disposing) => _file.Dispose();

    private protected override bool TryReadNext(Span<byte> record)
    {
        // The byte after a window is its last label and the next window's first feature.
        var kept = Count > 0 ? 1 : 0;
        _window[0] = _window[^1];
        if (_file.ReadAtLeast(_window.AsSpan(kept), _window.Length - kept, throwOnEndOfStream: false) < _window.Length - kept)
        {
            return false;
        }

        for (var index = 0; index < Schema.FeatureCount; index++)
        {
            var code = RecordWriter.Put(record[..Schema.FeatureBytes], Schema.FeatureType, index, (long)_window[index])
                ?? RecordWriter.PutClass(record[Schema.FeatureBytes..], Schema.Label, index, _window[index + 1]);
            if (code is not null)
            {
                throw new OrchestratorException(code, $"Byte {(Count * Schema.FeatureCount) + index + 1}: {code.Meaning}");
            }
        }

        return true;
    }
}
