using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Programs.Archives;

/// <summary>An entry of an archive, as the central directory and the bytes around its data say alike.</summary>
/// <param name="Name">Printable ASCII.</param>
/// <param name="Deflated">Packed by deflate; else stored.</param>
/// <param name="Crc">Checksum of the unpacked data.</param>
/// <param name="PackedSize">Bytes in the archive.</param>
/// <param name="Size">Bytes unpacked.</param>
/// <param name="Offset">Where its local header begins.</param>
internal sealed record ZipEntry(string Name, bool Deflated, uint Crc, int PackedSize, int Size, int Offset)
{
    public const int CentralLength = 46;
    public const int LocalLength = 30;
    public const int DescriptorLength = 16;

    /// <summary>Data begin at multiples of this, by padding in the local header's extra field.</summary>
    public const int Alignment = 64;

    private const uint CentralSignature = 0x02014B50;
    private const uint LocalSignature = 0x04034B50;
    private const uint DescriptorSignature = 0x08074B50;
    private const ushort Flags = 0x0808; // sizes follow the data; names are UTF-8
    private const ushort DeflateMethod = 8;
    private const ushort DeflateVersion = 20;
    private const int PaddingHeader = 4;

    private ushort Method => Deflated ? DeflateMethod : (ushort)0;

    private ushort Version => Deflated ? DeflateVersion : (ushort)0;

    /// <summary>Bytes of the extra field that aligns the data of an entry with this name at this place.</summary>
    public int PaddingLength
    {
        get
        {
            var unpadded = Offset + LocalLength + Name.Length + PaddingHeader;
            return PaddingHeader + ((Alignment - (unpadded % Alignment)) % Alignment);
        }
    }

    public int DataOffset => Offset + LocalLength + Name.Length + PaddingLength;

    /// <summary>Where the next entry begins.</summary>
    public int End => DataOffset + PackedSize + DescriptorLength;

    /// <summary>Reads an entry of the central directory, which begins here, and takes it off the front.</summary>
    public static ZipEntry Read(ref ReadOnlySpan<byte> directory)
    {
        if (directory.Length < CentralLength)
        {
            throw Zip.Refused("has a central directory that is shorter than its entries");
        }

        var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(directory[28..]);
        if (nameLength is 0 or > ProgramLimits.MaxPathBytes || directory.Length - CentralLength < nameLength)
        {
            throw Zip.Refused("has an entry without a name, or with one that is too long");
        }

        var sizes = (
            Packed: BinaryPrimitives.ReadUInt32LittleEndian(directory[20..]),
            Unpacked: BinaryPrimitives.ReadUInt32LittleEndian(directory[24..]),
            Offset: BinaryPrimitives.ReadUInt32LittleEndian(directory[42..]));
        if (sizes.Packed + (long)sizes.Offset > ProgramLimits.MaxArchiveBytes || sizes.Unpacked > ProgramLimits.MaxArchiveBytes)
        {
            throw Zip.Refused("has an entry that is larger than the archive may be");
        }

        var entry = new ZipEntry(
            NameOf(directory.Slice(CentralLength, nameLength)),
            BinaryPrimitives.ReadUInt16LittleEndian(directory[10..]) == DeflateMethod,
            BinaryPrimitives.ReadUInt32LittleEndian(directory[16..]),
            (int)sizes.Packed,
            (int)sizes.Unpacked,
            (int)sizes.Offset);
        Span<byte> expected = stackalloc byte[CentralLength + ProgramLimits.MaxPathBytes];
        var length = entry.WriteCentral(expected);
        if (!directory[..length].SequenceEqual(expected[..length]) || (!entry.Deflated && entry.Size != entry.PackedSize))
        {
            throw Zip.Refused($"has a directory entry for {entry.Name} that PyTorch does not write");
        }

        directory = directory[length..];
        return entry;
    }

    /// <summary>Whether the bytes before and after the data are the ones that belong to this entry.</summary>
    public bool Frames(ReadOnlySpan<byte> archive)
    {
        if (End > archive.Length)
        {
            return false;
        }

        var header = new byte[DataOffset - Offset];
        WriteLocal(header);
        Span<byte> descriptor = stackalloc byte[DescriptorLength];
        WriteDescriptor(descriptor);
        return archive[Offset..DataOffset].SequenceEqual(header) && archive.Slice(DataOffset + PackedSize, DescriptorLength).SequenceEqual(descriptor);
    }

    /// <summary>Writes the local header, padding included.</summary>
    public void WriteLocal(Span<byte> header)
    {
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, LocalSignature);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], Flags);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], Method);
        BinaryPrimitives.WriteUInt16LittleEndian(header[26..], (ushort)Name.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(header[28..], (ushort)PaddingLength);
        Encoding.ASCII.GetBytes(Name, header[LocalLength..]);
        var padding = header[(LocalLength + Name.Length)..];
        padding.Fill((byte)'Z');
        "FB"u8.CopyTo(padding);
        BinaryPrimitives.WriteUInt16LittleEndian(padding[2..], (ushort)(PaddingLength - PaddingHeader));
    }

    /// <summary>Writes what follows the data.</summary>
    public void WriteDescriptor(Span<byte> descriptor)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor, DescriptorSignature);
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor[4..], Crc);
        BinaryPrimitives.WriteInt32LittleEndian(descriptor[8..], PackedSize);
        BinaryPrimitives.WriteInt32LittleEndian(descriptor[12..], Size);
    }

    /// <summary>Writes the entry of the central directory.</summary>
    /// <returns>Bytes written.</returns>
    public int WriteCentral(Span<byte> directory)
    {
        var length = CentralLength + Name.Length;
        directory[..length].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(directory, CentralSignature);
        BinaryPrimitives.WriteUInt16LittleEndian(directory[6..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(directory[8..], Flags);
        BinaryPrimitives.WriteUInt16LittleEndian(directory[10..], Method);
        BinaryPrimitives.WriteUInt32LittleEndian(directory[16..], Crc);
        BinaryPrimitives.WriteInt32LittleEndian(directory[20..], PackedSize);
        BinaryPrimitives.WriteInt32LittleEndian(directory[24..], Size);
        BinaryPrimitives.WriteUInt16LittleEndian(directory[28..], (ushort)Name.Length);
        BinaryPrimitives.WriteInt32LittleEndian(directory[42..], Offset);
        Encoding.ASCII.GetBytes(Name, directory[CentralLength..]);
        return length;
    }

    private static string NameOf(ReadOnlySpan<byte> name)
    {
        if (name.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            throw Zip.Refused("has an entry whose name is not printable ASCII");
        }

        return Encoding.ASCII.GetString(name);
    }
}
