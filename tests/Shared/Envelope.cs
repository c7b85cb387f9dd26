using System.Formats.Cbor;

namespace Orchestrator.Tests;

/// <summary>A COSE_Sign1 message of any headers, for those that a publisher would not write.</summary>
public sealed record Envelope
{
    /// <summary>Label (a number or a text), and what writes its value; in order.</summary>
    public required (object Label, Action<CborWriter> Value)[] Protected { get; init; }

    public (object Label, Action<CborWriter> Value)[] Unprotected { get; init; } = [];

    public required byte[] Payload { get; init; }

    public required Func<byte[], byte[]> Sign { get; init; }

    public byte[] Encode()
    {
        byte[] header = Write(writer => WriteMap(writer, Protected));
        byte[] signature = Sign(Write(writer =>
        {
            writer.WriteStartArray(4);
            writer.WriteTextString("Signature1");
            writer.WriteByteString(header);
            writer.WriteByteString([]);
            writer.WriteByteString(Payload);
            writer.WriteEndArray();
        }));
        return Write(writer =>
        {
            writer.WriteTag((CborTag)18);
            writer.WriteStartArray(4);
            writer.WriteByteString(header);
            WriteMap(writer, Unprotected);
            writer.WriteByteString(Payload);
            writer.WriteByteString(signature);
            writer.WriteEndArray();
        });
    }

    public static void WriteMap(CborWriter writer, (object Label, Action<CborWriter> Value)[] entries)
    {
        writer.WriteStartMap(entries.Length);
        foreach ((object label, Action<CborWriter> value) in entries)
        {
            if (label is string text)
            {
                writer.WriteTextString(text);
            }
            else
            {
                writer.WriteInt64(Convert.ToInt64(label, System.Globalization.CultureInfo.InvariantCulture));
            }

            value(writer);
        }

        writer.WriteEndMap();
    }

    public static byte[] Write(Action<CborWriter> write)
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        write(writer);
        return writer.Encode();
    }
}
