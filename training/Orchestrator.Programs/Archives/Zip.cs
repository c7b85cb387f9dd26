using System.IO.Compression;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Programs.Archives;

/// <summary>
/// Zip files in the one form that PyTorch writes: entries side by side from the first byte, each framed by the header and
/// descriptor that its directory entry implies, then the directory in the same order, then the end. Whatever else a zip
/// reader could make of the bytes, there are no other bytes.
/// </summary>
internal static class Zip
{
    public static OrchestratorException Refused(string why) =>
        new(ProgramErrors.NotTorchScript, $"the program is not a TorchScript archive: it {why}");

    /// <summary>The entries, in their order, which is the order of their data.</summary>
    public static IReadOnlyList<ZipEntry> Entries(ReadOnlySpan<byte> archive)
    {
        if (archive.Length > ProgramLimits.MaxArchiveBytes)
        {
            throw ProgramLimits.Exceeded($"{archive.Length} bytes", $"{ProgramLimits.MaxArchiveBytes}");
        }

        var end = ZipEnd.Read(archive);
        var directory = archive.Slice(end.DirectoryOffset, end.DirectoryLength);
        var entries = new List<ZipEntry>(end.Entries);
        var next = 0;
        for (var index = 0; index < end.Entries; index++)
        {
            var entry = ZipEntry.Read(ref directory);
            if (entry.Offset != next || !entry.Frames(archive[..end.DirectoryOffset]))
            {
                throw Refused($"has another header around {entry.Name} than its directory says, or bytes that belong to no entry");
            }

            next = entry.End;
            entries.Add(entry);
        }

        if (next != end.DirectoryOffset || !directory.IsEmpty)
        {
            throw Refused("has bytes that belong to no entry");
        }

        return entries;
    }

    /// <summary>An entry's data, unpacked and checked.</summary>
    public static ReadOnlyMemory<byte> Unpack(ReadOnlyMemory<byte> archive, ZipEntry entry)
    {
        var packed = archive.Slice(entry.DataOffset, entry.PackedSize);
        var data = entry.Deflated ? Inflate(packed, entry) : packed;
        if (Crc32.Of(data.Span) != entry.Crc)
        {
            throw Refused($"has a wrong checksum at {entry.Name}");
        }

        return data;
    }

    /// <summary>Writes stored entries in the same form.</summary>
    public static void Write(Stream destination, IEnumerable<(string Name, ReadOnlyMemory<byte> Data)> records)
    {
        var entries = new List<ZipEntry>();
        var offset = 0;
        Span<byte> descriptor = stackalloc byte[ZipEntry.DescriptorLength];
        foreach (var (name, data) in records)
        {
            var entry = new ZipEntry(name, Deflated: false, Crc32.Of(data.Span), data.Length, data.Length, offset);
            var header = new byte[entry.DataOffset - offset];
            entry.WriteLocal(header);
            entry.WriteDescriptor(descriptor);
            destination.Write(header);
            destination.Write(data.Span);
            destination.Write(descriptor);
            entries.Add(entry);
            offset = entry.End;
        }

        var directory = new byte[entries.Sum(entry => ZipEntry.CentralLength + entry.Name.Length)];
        var place = 0;
        foreach (var entry in entries)
        {
            place += entry.WriteCentral(directory.AsSpan(place));
        }

        var end = new byte[ZipEnd.Length];
        new ZipEnd(entries.Count, offset, directory.Length).Write(end);
        destination.Write(directory);
        destination.Write(end);
    }

    private static byte[] Inflate(ReadOnlyMemory<byte> packed, ZipEntry entry)
    {
        var data = new byte[entry.Size];
        try
        {
            using var inflater = new DeflateStream(new MemoryStream(packed.ToArray(), writable: false), CompressionMode.Decompress);
            inflater.ReadExactly(data);
            if (inflater.ReadByte() >= 0)
            {
                throw Refused($"has more data at {entry.Name} than its directory says");
            }
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException)
        {
            throw Refused($"has data at {entry.Name} that cannot be unpacked");
        }

        return data;
    }
}
