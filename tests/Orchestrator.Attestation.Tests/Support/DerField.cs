using System.Formats.Asn1;

namespace Orchestrator.Attestation.Tests.Support;

/// <summary>A primitive element of a DER encoding and where it stands.</summary>
internal sealed record DerField(string Path, int Offset, int Length)
{
    /// <summary>Every primitive element, named by its position in the tree, for tables that change one byte of each.</summary>
    public static IReadOnlyList<DerField> In(ReadOnlyMemory<byte> der)
    {
        var fields = new List<DerField>();
        Walk(der, 0, "", fields);
        return fields;
    }

    private static void Walk(ReadOnlyMemory<byte> der, int origin, string path, List<DerField> fields)
    {
        int position = 0;
        for (int child = 0; position < der.Length; child++)
        {
            Asn1Tag tag = Asn1Tag.Decode(der.Span[position..], out _);
            AsnDecoder.ReadEncodedValue(der.Span[position..], AsnEncodingRules.DER, out int content, out int length, out int consumed);
            string name = $"{path}/{child}";
            if (tag.IsConstructed)
            {
                Walk(der.Slice(position + content, length), origin + position + content, name, fields);
            }
            else
            {
                fields.Add(new DerField(name, origin + position + content, length));
            }

            position += consumed;
        }
    }
}
