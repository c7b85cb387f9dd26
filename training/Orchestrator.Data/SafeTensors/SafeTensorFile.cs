using System.Buffers.Binary;
using System.Text.Json;
using Orchestrator.Data.Schemas;
using Orchestrator.Errors;

namespace Orchestrator.Data.SafeTensors;

/// <summary>
/// The safetensors format (github.com/huggingface/safetensors, README "Format"): header length (u64 LE), a JSON header padded with
/// spaces to a multiple of 8, then the tensors' bytes without gaps. Written with names in ordinal order, header and data alike, so
/// that equal models are equal files.
/// </summary>
public static class SafeTensorFile
{
    /// <summary>Most bytes of the header that are read.</summary>
    public const int MaxHeaderSize = 16 << 20;

    private const string MetadataKey = "__metadata__";
    private const int LengthSize = sizeof(ulong);

    /// <summary>Writes a file.</summary>
    /// <param name="output">Where to; only written forward.</param>
    /// <param name="tensors">In any order, no name twice.</param>
    /// <param name="metadata">Texts about the file, or null.</param>
    /// <exception cref="ArgumentException">A name occurs twice or is reserved, or data does not have the size that the shape says.</exception>
    public static void Write(Stream output, IEnumerable<SafeTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        SafeTensor[] sorted = [.. tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];
        for (var index = 0; index < sorted.Length; index++)
        {
            var tensor = sorted[index];
            if (tensor.Name == MetadataKey || (index > 0 && sorted[index - 1].Name == tensor.Name))
            {
                throw new ArgumentException($"The tensor name {tensor.Name} is reserved or occurs twice.", nameof(tensors));
            }

            if (SafeTensor.SizeOf(tensor.Type, tensor.Shape) != tensor.Data.Length)
            {
                throw new ArgumentException($"The tensor {tensor.Name} does not have the size that its shape says.", nameof(tensors));
            }
        }

        output.Write(Header(sorted, metadata));
        foreach (var tensor in sorted)
        {
            output.Write(tensor.Data.Span);
        }
    }

    /// <summary>Reads a whole file that is already in memory; the tensors share its bytes.</summary>
    /// <returns>The tensors in the file's order.</returns>
    /// <exception cref="OrchestratorException"><see cref="DataErrors.Damaged"/>, <see cref="DataErrors.TooLarge"/> or
    /// <see cref="DataErrors.Unsupported"/>.</exception>
    public static IReadOnlyList<SafeTensor> Read(ReadOnlyMemory<byte> file)
    {
        if (file.Length < LengthSize)
        {
            throw Damaged("has no header length");
        }

        var headerSize = BinaryPrimitives.ReadUInt64LittleEndian(file.Span);
        if (headerSize > MaxHeaderSize)
        {
            throw new OrchestratorException(DataErrors.TooLarge, $"The safetensors header has {headerSize} bytes; at most {MaxHeaderSize} are read.");
        }

        if (headerSize > (ulong)(file.Length - LengthSize))
        {
            throw Damaged("ends within its header");
        }

        var header = file.Slice(LengthSize, (int)headerSize);
        if (header.IsEmpty || header.Span[0] != (byte)'{')
        {
            throw Damaged("has a header that is no JSON object");
        }

        return ReadTensors(header, file[(LengthSize + (int)headerSize)..]);
    }

    private static byte[] Header(SafeTensor[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        buffer.Write(stackalloc byte[LengthSize]);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is not null)
            {
                WriteMetadata(json, metadata);
            }

            long offset = 0;
            foreach (var tensor in tensors)
            {
                WriteEntry(json, tensor, offset);
                offset += tensor.Data.Length;
            }

            json.WriteEndObject();
        }

        while (buffer.Length % LengthSize != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        var header = buffer.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - LengthSize);
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(MetadataKey);
        foreach (var (key, value) in metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, SafeTensor tensor, long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type.ToString().ToUpperInvariant());
        json.WriteStartArray("shape");
        foreach (var extent in tensor.Shape)
        {
            json.WriteNumberValue(extent);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset + tensor.Data.Length);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static List<SafeTensor> ReadTensors(ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> data)
    {
        var tensors = new List<(long Begin, SafeTensor Tensor)>();
        try
        {
            using var json = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            foreach (var entry in json.RootElement.EnumerateObject().Where(entry => entry.Name != MetadataKey))
            {
                tensors.Add(ReadEntry(entry.Name, entry.Value, data));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new OrchestratorException(DataErrors.Damaged, "The safetensors header is not of its format.", inner: e);
        }

        tensors.Sort((a, b) => (a.Begin, a.Tensor.Data.Length).CompareTo((b.Begin, b.Tensor.Data.Length)));
        long end = 0;
        foreach (var (begin, tensor) in tensors)
        {
            end = begin == end ? end + tensor.Data.Length : throw Damaged($"has a gap or an overlap before {tensor.Name}");
        }

        return end == data.Length
            ? [.. tensors.Select(entry => entry.Tensor)]
            : throw Damaged($"has {data.Length} bytes of data, but {end} belong to tensors");
    }

    private static (long Begin, SafeTensor Tensor) ReadEntry(string name, JsonElement entry, ReadOnlyMemory<byte> data)
    {
        if (entry.EnumerateObject().Count() != 3 || entry.GetProperty("data_offsets").GetArrayLength() != 2)
        {
            throw Damaged("has an entry with other fields than dtype, shape and data_offsets");
        }

        var type = TypeOf(entry.GetProperty("dtype").GetString());
        long[] shape = [.. entry.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())];
        var begin = entry.GetProperty("data_offsets")[0].GetInt64();
        var end = entry.GetProperty("data_offsets")[1].GetInt64();
        if (begin < 0 || end < begin || end > data.Length || SafeTensor.SizeOf(type, shape) != end - begin)
        {
            throw Damaged("has an entry whose offsets do not fit its shape or the file");
        }

        return (begin, new SafeTensor(name, type, shape, data[(int)begin..(int)end]));
    }

    private static SafeTensorType TypeOf(string? name)
    {
        foreach (var type in Enum.GetValues<SafeTensorType>())
        {
            if (type.ToString().ToUpperInvariant() == name)
            {
                return type;
            }
        }

        throw new OrchestratorException(DataErrors.Unsupported, "The safetensors file has an element type that is not read.");
    }

    private static OrchestratorException Damaged(string finding) => new(DataErrors.Damaged, $"The safetensors file {finding}.");
}
