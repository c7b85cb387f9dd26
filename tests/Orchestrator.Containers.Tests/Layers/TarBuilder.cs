using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Orchestrator.Containers.Tests.Layers;

/// <summary>Writes tar archives header by header, honest ones and others.</summary>
internal sealed class TarBuilder
{
    private readonly MemoryStream _archive = new();

    /// <summary>The archive with its end.</summary>
    public byte[] Build() => [.. _archive.ToArray(), .. new byte[1024]];

    /// <summary>The archive without its end.</summary>
    public byte[] Unended() => _archive.ToArray();

    public TarBuilder Folder(string name, int mode = 0x1ED) => Entry(name, '5', mode: mode);

    public TarBuilder File(string name, string content = "", int mode = 0x1A4) => Entry(name, '0', Encoding.UTF8.GetBytes(content), mode: mode);

    public TarBuilder Link(string name, string target) => Entry(name, '1', target: target);

    public TarBuilder Symlink(string name, string target) => Entry(name, '2', target: target, mode: 0x1FF);

    /// <summary>Pax records for the next entry.</summary>
    public TarBuilder Pax(params (string Key, string Value)[] records) =>
        Entry("pax", 'x', [.. records.SelectMany(record => Record(record.Key, record.Value))]);

    /// <summary>Any entry.</summary>
    /// <param name="name">At most 100 bytes.</param>
    /// <param name="type">The type flag.</param>
    /// <param name="content">What follows the header.</param>
    /// <param name="target">Of a link.</param>
    /// <param name="mode">Permissions.</param>
    /// <param name="size">What the header says; null: the content's length.</param>
    /// <param name="spoil">Changes the header before its checksum is made.</param>
    /// <param name="uid">Owner.</param>
    /// <param name="gid">Group.</param>
    public TarBuilder Entry(
        string name, char type, byte[]? content = null, string target = "", int mode = 0x1A4, long? size = null, Action<byte[]>? spoil = null, int uid = 0, int gid = 0)
    {
        byte[] header = new byte[512];
        Encoding.UTF8.GetBytes(name, header);
        Octal(header, 100, 8, mode);
        Octal(header, 108, 8, uid);
        Octal(header, 116, 8, gid);
        Octal(header, 124, 12, size ?? content?.Length ?? 0);
        Octal(header, 136, 12, 1_600_000_000);
        header[156] = (byte)type;
        Encoding.UTF8.GetBytes(target, header.AsSpan(157, 100));
        "ustar\000"u8.CopyTo(header.AsSpan(257));
        spoil?.Invoke(header);
        Seal(header);
        _archive.Write(header);
        _archive.Write(content ?? []);
        _archive.Write(new byte[-(content?.Length ?? 0) & 511]);
        return this;
    }

    /// <summary>Bytes as they are.</summary>
    public TarBuilder Raw(byte[] bytes)
    {
        _archive.Write(bytes);
        return this;
    }

    /// <summary>A size in GNU's binary form.</summary>
    /// <param name="header">512 bytes.</param>
    /// <param name="size">64 bits.</param>
    /// <param name="beyond">A byte above them.</param>
    public static void BinarySize(byte[] header, long size, byte beyond = 0)
    {
        header.AsSpan(124, 12).Clear();
        header[124] = 0x80;
        header[125] = beyond;
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(128), size);
    }

    public static byte[] Record(string key, string value)
    {
        byte[] rest = Encoding.Latin1.GetBytes($" {key}={value}\n");
        int length = rest.Length + 1;
        while (length != rest.Length + length.ToString(CultureInfo.InvariantCulture).Length)
        {
            length++;
        }

        return [.. Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)), .. rest];
    }

    private static void Octal(byte[] header, int offset, int length, long value) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(length - 1, '0'), header.AsSpan(offset));

    private static void Seal(byte[] header)
    {
        header.AsSpan(148, 8).Fill((byte)' ');
        int sum = header.Sum(value => value);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ", header.AsSpan(148));
    }
}
