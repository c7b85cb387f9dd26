using System.Buffers.Binary;

namespace Orchestrator.Programs.Archives;

/// <summary>
/// The three records that end an archive as PyTorch writes it: zip64 end, zip64 locator, end (APPNOTE 4.3.14 to 4.3.16). They
/// must be the file's last bytes and say the same twice.
/// </summary>
/// <param name="Entries">Entries of the central directory.</param>
/// <param name="DirectoryOffset">Where the central directory begins, in bytes.</param>
/// <param name="DirectoryLength">Its length in bytes; it ends where these records begin.</param>
internal readonly record struct ZipEnd(int Entries, int DirectoryOffset, int DirectoryLength)
{
    public const int Length = Zip64Length + LocatorLength + EndLength;

    private const uint Zip64Signature = 0x06064B50;
    private const uint LocatorSignature = 0x07064B50;
    private const uint EndSignature = 0x06054B50;
    private const int Zip64Length = 56;
    private const int LocatorLength = 20;
    private const int EndLength = 22;
    private const ushort MadeBy = 798;
    private const ushort Needed = 45;

    /// <summary>Reads the records from the end of an archive.</summary>
    public static ZipEnd Read(ReadOnlySpan<byte> archive)
    {
        if (archive.Length < Length)
        {
            throw Zip.Refused("is too short to be one");
        }

        var records = archive[^Length..];
        var entries = BinaryPrimitives.ReadUInt16LittleEndian(records[(Zip64Length + LocatorLength + 8)..]);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(records[(Zip64Length + LocatorLength + 12)..]);
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(records[(Zip64Length + LocatorLength + 16)..]);
        if (entries > 0 && (long)offset + length == archive.Length - Length)
        {
            // What is written for these three figures is the one form there is; so every other byte is compared as well.
            var end = new ZipEnd(entries, (int)offset, (int)length);
            Span<byte> expected = stackalloc byte[Length];
            end.Write(expected);
            if (expected.SequenceEqual(records))
            {
                return end;
            }
        }

        throw Zip.Refused("does not end as one does: it was cut, extended or repacked");
    }

    /// <summary>Writes the records, <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> records)
    {
        records.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(records, Zip64Signature);
        BinaryPrimitives.WriteUInt64LittleEndian(records[4..], Zip64Length - 12);
        BinaryPrimitives.WriteUInt16LittleEndian(records[12..], MadeBy);
        BinaryPrimitives.WriteUInt16LittleEndian(records[14..], Needed);
        BinaryPrimitives.WriteInt64LittleEndian(records[24..], Entries);
        BinaryPrimitives.WriteInt64LittleEndian(records[32..], Entries);
        BinaryPrimitives.WriteInt64LittleEndian(records[40..], DirectoryLength);
        BinaryPrimitives.WriteInt64LittleEndian(records[48..], DirectoryOffset);

        var locator = records[Zip64Length..];
        BinaryPrimitives.WriteUInt32LittleEndian(locator, LocatorSignature);
        BinaryPrimitives.WriteInt64LittleEndian(locator[8..], (long)DirectoryOffset + DirectoryLength);
        BinaryPrimitives.WriteUInt32LittleEndian(locator[16..], 1);

        var end = locator[LocatorLength..];
        BinaryPrimitives.WriteUInt32LittleEndian(end, EndSignature);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], (ushort)Entries);
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], (ushort)Entries);
        BinaryPrimitives.WriteInt32LittleEndian(end[12..], DirectoryLength);
        BinaryPrimitives.WriteInt32LittleEndian(end[16..], DirectoryOffset);
    }
}
