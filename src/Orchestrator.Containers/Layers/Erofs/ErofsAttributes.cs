using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Containers.Layers.Erofs;

/// <summary>Extended attributes in the form that follows an inode: a header of 12 zero bytes, then each entry, filled up to 4 bytes.</summary>
internal static class ErofsAttributes
{
    public const int HeaderSize = 12;
    private const int EntrySize = 4;

    // Prefixes that an entry names by number.
    private static readonly (string Prefix, byte Index)[] s_prefixes =
    [
        ("user.", 1), ("system.posix_acl_access", 2), ("system.posix_acl_default", 3), ("trusted.", 4), ("security.", 6),
    ];

    /// <summary>Encodes attributes, sorted by name; none take no bytes.</summary>
    public static byte[] Encode(IReadOnlyCollection<KeyValuePair<string, byte[]>> attributes)
    {
        if (attributes.Count == 0)
        {
            return [];
        }

        using var encoded = new MemoryStream();
        encoded.Write(new byte[HeaderSize]);
        Span<byte> entry = stackalloc byte[EntrySize];
        foreach ((string name, byte[] value) in attributes)
        {
            (string prefix, byte index) = s_prefixes.First(known => name.StartsWith(known.Prefix, StringComparison.Ordinal));
            byte[] rest = Encoding.Latin1.GetBytes(name[prefix.Length..]);
            entry[0] = (byte)rest.Length;
            entry[1] = index;
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], (ushort)value.Length);
            encoded.Write(entry);
            encoded.Write(rest);
            encoded.Write(value);
            encoded.Write(new byte[-(rest.Length + value.Length) & 3]);
        }

        return encoded.ToArray();
    }
}
