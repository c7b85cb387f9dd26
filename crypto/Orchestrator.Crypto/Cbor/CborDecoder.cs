using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Security.Cryptography;
using Orchestrator.Errors;

namespace Orchestrator.Crypto.Cbor;

/// <summary>
/// Reads any well-formed item within limits, then accepts it only if encoding it again yields the very same bytes: what
/// is accepted cannot have a second spelling, whichever rule of the deterministic encoding one thinks of.
/// </summary>
internal sealed class CborDecoder
{
    private readonly CborReader _reader;
    private readonly CborLimits _limits;
    private int _items;

    private CborDecoder(ReadOnlyMemory<byte> encoding, CborLimits limits)
    {
        _reader = new CborReader(encoding, CborConformanceMode.Strict);
        _limits = limits;
    }

    public static CborValue Decode(ReadOnlyMemory<byte> encoding, CborLimits limits)
    {
        if (encoding.Length > limits.MaxBytes)
        {
            throw TooLarge($"The object has {encoding.Length} bytes; at most {limits.MaxBytes} are allowed.");
        }

        CborValue value = DecodeWellFormed(encoding, limits);
        byte[] again = value.Encode();
        bool isCanonical = again.AsSpan().SequenceEqual(encoding.Span);
        CryptographicOperations.ZeroMemory(again);
        if (!isCanonical)
        {
            throw new OrchestratorException(CborErrors.NotCanonical, "The object is not in deterministic CBOR encoding.");
        }

        return value;
    }

    private static CborValue DecodeWellFormed(ReadOnlyMemory<byte> encoding, CborLimits limits)
    {
        try
        {
            var decoder = new CborDecoder(encoding, limits);
            CborValue value = decoder.ReadItem(depth: 1);
            return decoder._reader.BytesRemaining == 0 ? value : throw Malformed("Bytes follow the object's end.");
        }
        catch (CborContentException e)
        {
            throw new OrchestratorException(CborErrors.Malformed, "The bytes are not one well-formed CBOR item.", inner: e);
        }
    }

    private CborValue ReadItem(int depth)
    {
        if (++_items > _limits.MaxItems || depth > _limits.MaxDepth)
        {
            throw TooLarge($"The object has more than {_limits.MaxItems} items or {_limits.MaxDepth} levels.");
        }

        return _reader.PeekState() switch
        {
            CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger => ReadInteger(),
            CborReaderState.ByteString or CborReaderState.StartIndefiniteLengthByteString => ReadBytes(),
            CborReaderState.TextString or CborReaderState.StartIndefiniteLengthTextString => new CborText(_reader.ReadTextString()),
            CborReaderState.StartArray => ReadArray(depth),
            CborReaderState.StartMap => ReadMap(depth),
            CborReaderState.Tag => new CborTagged((ulong)_reader.ReadTag(), ReadItem(depth + 1)),
            CborReaderState.Boolean => new CborBool(_reader.ReadBoolean()),
            CborReaderState.Null => ReadNull(),
            CborReaderState.HalfPrecisionFloat or CborReaderState.SinglePrecisionFloat or CborReaderState.DoublePrecisionFloat => new CborFloat(_reader.ReadDouble()),
            CborReaderState other => throw Unsupported($"No format here uses CBOR items of the kind {other}."),
        };
    }

    private CborBytes ReadBytes()
    {
        byte[] read = _reader.ReadByteString();
        var bytes = new CborBytes(read);
        CryptographicOperations.ZeroMemory(read);
        return bytes;
    }

    private CborInt ReadInteger()
    {
        try
        {
            return new CborInt(_reader.ReadInt64());
        }
        catch (OverflowException)
        {
            throw Unsupported("Integers outside -2^63 .. 2^63 - 1 are not used.");
        }
    }

    private CborValue ReadNull()
    {
        _reader.ReadNull();
        return CborValue.Null;
    }

    private CborArray ReadArray(int depth)
    {
        _reader.ReadStartArray();
        var items = ImmutableArray.CreateBuilder<CborValue>();
        while (_reader.PeekState() != CborReaderState.EndArray)
        {
            items.Add(ReadItem(depth + 1));
        }

        _reader.ReadEndArray();
        return new CborArray(items.ToImmutable());
    }

    private CborMap ReadMap(int depth)
    {
        _reader.ReadStartMap();
        var entries = new List<(CborValue, CborValue)>();
        while (_reader.PeekState() != CborReaderState.EndMap)
        {
            CborValue key = ReadItem(depth + 1);
            if (key is not (CborInt or CborText))
            {
                throw Unsupported("A map's key is neither an integer nor a text.");
            }

            entries.Add((key, ReadItem(depth + 1)));
        }

        // Strict mode refuses a repeated key here, whichever way it is spelled; the map's constructor would, too.
        _reader.ReadEndMap();
        return new CborMap(entries);
    }

    private static OrchestratorException Malformed(string message) => new(CborErrors.Malformed, message);

    private static OrchestratorException TooLarge(string message) => new(CborErrors.TooLarge, message);

    private static OrchestratorException Unsupported(string message) => new(CborErrors.Unsupported, message);
}
