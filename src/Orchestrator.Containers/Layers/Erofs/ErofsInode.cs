using System.Buffers.Binary;
using Orchestrator.Containers.Layers.Tar;

namespace Orchestrator.Containers.Layers.Erofs;

/// <summary>An inode in the extended form of 64 bytes.</summary>
internal sealed class ErofsInode
{
    /// <summary>Counts from 1, the root.</summary>
    public required uint Serial { get; init; }

    /// <summary>Type and permissions.</summary>
    public required ushort Mode { get; init; }

    public required TarMetadata Metadata { get; init; }

    /// <summary>Attributes as they follow the inode.</summary>
    public byte[] Attributes { get; init; } = [];

    /// <summary>Bytes of content.</summary>
    public required long Size { get; init; }

    /// <summary>Names.</summary>
    public uint Links { get; set; } = 1;

    /// <summary>Where it is in the file system, in bytes.</summary>
    public long Position { get; set; }

    /// <summary>The number that directories know it by.</summary>
    public ulong Number => (ulong)Position / ErofsFormat.NumberUnit;

    /// <summary>Bytes of the inode with its attributes.</summary>
    public int HeadSize => ErofsFormat.InodeSize + Attributes.Length;

    /// <summary>Writes inode and attributes.</summary>
    /// <param name="destination"><see cref="HeadSize"/> bytes, all zero.</param>
    /// <param name="inline">Whether the last piece of the content follows.</param>
    /// <param name="block">Where the content's blocks begin, or a device's number.</param>
    public void Write(Span<byte> destination, bool inline, uint block)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)(inline ? 1 | (2 << 1) : 1));
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], (ushort)(Attributes.Length == 0 ? 0 : ((Attributes.Length - ErofsAttributes.HeaderSize) / 4) + 1));
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], Mode);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], Size);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], block);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], Serial);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[24..], Metadata.Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], Metadata.Gid);
        BinaryPrimitives.WriteInt64LittleEndian(destination[32..], Metadata.Modified.Seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[40..], Metadata.Modified.Nanoseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[ErofsFormat.LinksOffset..], Links);
        Attributes.CopyTo(destination[ErofsFormat.InodeSize..]);
    }
}
