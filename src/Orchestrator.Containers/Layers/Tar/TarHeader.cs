using System.Text;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Layers.Tar;

/// <summary>
/// One header block of 512 bytes: POSIX.1-1988 ustar with the prefix field, GNU's form, star's, and the old one without magic. Numbers are octal
/// text or, with the first bit set, big-endian binary.
/// </summary>
internal readonly ref struct TarHeader
{
    public const int Size = 512;

    private readonly ReadOnlySpan<byte> _block;
    private readonly long _position;

    private TarHeader(ReadOnlySpan<byte> block, long position)
    {
        _block = block;
        _position = position;
    }

    /// <summary>Reads a block whose checksum is right.</summary>
    /// <param name="block">512 bytes.</param>
    /// <param name="position">In the archive, for messages.</param>
    public static TarHeader Read(ReadOnlySpan<byte> block, long position)
    {
        var header = new TarHeader(block, position);
        long sum = 0;
        for (int i = 0; i < Size; i++)
        {
            sum += i is >= 148 and < 156 ? ' ' : block[i];
        }

        return header.Number(148, 8, "checksum") == sum ? header : throw header.Malformed("its checksum is wrong");
    }

    public char TypeFlag => (char)_block[156];

    public long ContentSize => Number(124, 12, "size") is >= 0 and <= LayerLimits.MaxBytes and long size ? size : throw Malformed("its size is negative or absurd");

    public ushort Mode => (ushort)(Number(100, 8, "mode") & 0xFFF);

    public long Uid => Number(108, 8, "uid");

    public long Gid => Number(116, 8, "gid");

    public long Modified => Number(136, 12, "mtime");

    public string LinkName => Text(157, 100);

    /// <summary>The name, with the prefix that POSIX's and star's forms have.</summary>
    public string Name
    {
        get
        {
            string name = Text(0, 100);
            bool posix = _block.Slice(257, 6).SequenceEqual("ustar\0"u8);
            bool star = _block.Slice(508, 4).SequenceEqual("tar\0"u8);
            string prefix = posix ? Text(345, star ? 131 : 155) : "";
            return prefix.Length == 0 ? name : $"{prefix}/{name}";
        }
    }

    public OrchestratorException Malformed(string finding) =>
        new(LayerErrors.Malformed, $"The header at byte {_position} of the archive cannot be read: {finding}.");

    private string Text(int offset, int length)
    {
        ReadOnlySpan<byte> field = _block.Slice(offset, length);
        int end = field.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? field : field[..end]);
    }

    private long Number(int offset, int length, string what)
    {
        ReadOnlySpan<byte> field = _block.Slice(offset, length);
        return (field[0] & 0x80) != 0 ? Binary(field, what) : Octal(field, what);
    }

    private long Binary(ReadOnlySpan<byte> field, string what)
    {
        // 0x80 begins a number, 0xFF a negative one in two's complement; more than 63 bits are no size, owner or time.
        bool negative = field[0] == 0xFF;
        byte fill = negative ? (byte)0xFF : (byte)0;
        if ((field[0] != 0x80 && !negative) || (field.Length > 8 && field[1..^8].ContainsAnyExcept(fill)))
        {
            throw Malformed($"its {what} is no number of 64 bits");
        }

        long value = negative ? -1 : 0;
        foreach (byte next in field.Length > 8 ? field[^8..] : field[1..])
        {
            value = unchecked((value << 8) | next);
        }

        return value < 0 == negative ? value : throw Malformed($"its {what} is no number of 64 bits");
    }

    private long Octal(ReadOnlySpan<byte> field, string what)
    {
        ReadOnlySpan<byte> digits = field.TrimStart((byte)' ');
        int end = digits.IndexOfAny((byte)0, (byte)' ');
        if (end >= 0)
        {
            if (digits[end..].ContainsAnyExcept((byte)0, (byte)' '))
            {
                throw Malformed($"its {what} has something behind its end");
            }

            digits = digits[..end];
        }

        long value = 0;
        foreach (byte digit in digits)
        {
            value = digit is >= (byte)'0' and <= (byte)'7' ? (value << 3) | (long)(digit - '0') : throw Malformed($"its {what} is not an octal number");
        }

        return value;
    }
}
