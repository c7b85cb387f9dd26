using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Globalization;

namespace Orchestrator.Attestation.X509;

/// <summary>
/// The protected header of a <see cref="SignedStatement"/>: algorithm (1), content type (3), chain (33), and who says what: either texts <c>iss</c>
/// and <c>feed</c>, or CWT claims (15) with issuer (1), subject (2) and <c>svn</c>.
/// </summary>
internal sealed record StatementHeader
{
    private const int MaxCertificates = 8;

    private StatementHeader(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>As received.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Of the signature, by its number in the COSE registry.</summary>
    public long Algorithm { get; private set; }

    /// <summary>What the payload is, or empty.</summary>
    public string ContentType { get; private set; } = "";

    /// <summary>The signer's chain in DER, its own certificate first.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Certificates { get; private set; } = [];

    /// <summary>Who says that they signed, or empty.</summary>
    public string Issuer { get; private set; } = "";

    /// <summary>What of theirs it is, or empty.</summary>
    public string Feed { get; private set; } = "";

    /// <summary>Its security version, or null: the header does not say.</summary>
    public string? Svn { get; private set; }

    /// <summary>Reads a header.</summary>
    /// <exception cref="CborContentException">It is not one.</exception>
    /// <exception cref="InvalidOperationException">It is not one.</exception>
    public static StatementHeader Parse(ReadOnlyMemory<byte> bytes)
    {
        var header = new StatementHeader(bytes);
        var reader = new CborReader(bytes);
        ReadMap(reader, header.ReadEntry);
        return reader.BytesRemaining == 0 ? header : throw new CborContentException("something follows the header's end");
    }

    /// <summary>One byte string, or an array of them.</summary>
    public static ImmutableArray<ReadOnlyMemory<byte>> ReadByteStrings(CborReader reader, int most, string what)
    {
        if (reader.PeekState() == CborReaderState.ByteString)
        {
            return [reader.ReadByteString()];
        }

        int count = reader.ReadStartArray() is { } length && length <= most ? length : throw new CborContentException($"there are more than {most} {what}");
        var items = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(count);
        for (int i = 0; i < count; i++)
        {
            items.Add(reader.ReadByteString());
        }

        reader.ReadEndArray();
        return items.MoveToImmutable();
    }

    private void ReadEntry(CborReader reader, object label)
    {
        switch (label)
        {
            case 1L: Algorithm = reader.ReadInt64(); break;
            case 3L: ContentType = reader.ReadTextString(); break;
            case 15L: ReadMap(reader, ReadClaim); break;
            case 33L: Certificates = ReadByteStrings(reader, MaxCertificates, "certificates"); break;
            case "iss": Issuer = Once(Issuer, reader.ReadTextString()); break;
            case "feed": Feed = Once(Feed, reader.ReadTextString()); break;
            case 2L: throw new CborContentException("it has critical headers, none of which is known");
            default: reader.SkipValue(); break;
        }
    }

    private void ReadClaim(CborReader reader, object label)
    {
        switch (label)
        {
            case 1L: Issuer = Once(Issuer, reader.ReadTextString()); break;
            case 2L: Feed = Once(Feed, reader.ReadTextString()); break;
            case "svn": Svn = reader.PeekState() == CborReaderState.TextString ? reader.ReadTextString() : reader.ReadUInt64().ToString(CultureInfo.InvariantCulture); break;
            default: reader.SkipValue(); break;
        }
    }

    private static string Once(string former, string value) =>
        former.Length == 0 || former == value ? value : throw new CborContentException("issuer or feed stands twice, differently");

    private static void ReadMap(CborReader reader, Action<CborReader, object> readEntry)
    {
        var seen = new HashSet<object>();
        for (int left = reader.ReadStartMap() ?? throw new CborContentException("a map has no length"); left > 0; left--)
        {
            object label = reader.PeekState() == CborReaderState.TextString ? reader.ReadTextString() : reader.ReadInt64();
            if (!seen.Add(label))
            {
                throw new CborContentException($"the header {label} stands twice");
            }

            readEntry(reader, label);
        }

        reader.ReadEndMap();
    }
}
