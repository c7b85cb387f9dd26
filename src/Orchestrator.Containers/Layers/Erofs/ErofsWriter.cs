using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Containers.Layers.Tar;
using Orchestrator.Crypto;

namespace Orchestrator.Containers.Layers.Erofs;

/// <summary>Reads a file's content piece by piece, at least one byte at a time; a content that ends early throws.</summary>
internal delegate int ContentReader(Span<byte> buffer);

/// <summary>
/// Writes a file system in one pass over a layer's archive: docs/spec/layer-image.md, "File system". The same calls give the same bytes.
/// </summary>
/// <param name="file">Empty, and written from its start.</param>
internal sealed class ErofsWriter(SafeFileHandle file)
{
    private const int RootRoom = ErofsFormat.BlockSize - ErofsFormat.RootOffset;

    private readonly ErofsSpace _space = new(file);
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly List<ErofsInode> _linked = [];
    private uint _inodes = 1;

    /// <summary>A file with <paramref name="size"/> bytes of content.</summary>
    public ErofsInode AddFile(TarMetadata metadata, long size, ContentReader content)
    {
        ErofsInode inode = Create(ErofsFormat.FileType, metadata, size);
        Place place = Allocate(inode);
        CopyBlocks(content, place.BlockPosition, place.Inline ? size - (size % ErofsFormat.BlockSize) : size);
        Span<byte> slot = _buffer.AsSpan(0, place.SlotSize);
        slot.Clear();
        inode.Write(slot, place.Inline, place.Block);
        for (int done = inode.HeadSize; done < slot.Length;)
        {
            done += content(slot[done..]);
        }

        _space.Write(inode.Position, slot);
        return inode;
    }

    /// <summary>A symbolic link.</summary>
    /// <param name="metadata">Of the link itself.</param>
    /// <param name="target">One character for each byte.</param>
    public ErofsInode AddSymbolicLink(TarMetadata metadata, string target)
    {
        ErofsInode inode = Create(ErofsFormat.SymbolicLinkType, metadata, target.Length);
        WriteWhole(inode, Allocate(inode), Encoding.Latin1.GetBytes(target));
        return inode;
    }

    /// <summary>A named pipe.</summary>
    public ErofsInode AddFifo(TarMetadata metadata) => AddSpecial(ErofsFormat.FifoType, metadata);

    /// <summary>Gives an inode one more name.</summary>
    public void Link(ErofsInode inode)
    {
        if (inode.Links++ == 1)
        {
            _linked.Add(inode);
        }
    }

    /// <summary>Writes the folders, the numbers of links and the superblock.</summary>
    /// <param name="root">The tree of names.</param>
    /// <param name="diffId">Of the layer, for the file system's own ID.</param>
    /// <returns>Bytes of the file system: whole blocks.</returns>
    public long Finish(LayerFolder root, Digest diffId)
    {
        var folders = new ErofsFolders(this);
        folders.Write(root);
        _space.Flush();
        Span<byte> links = stackalloc byte[4];
        foreach (ErofsInode inode in _linked)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(links, inode.Links);
            RandomAccess.Write(file, links, inode.Position + ErofsFormat.LinksOffset);
        }

        WriteSuperblock(diffId);
        RandomAccess.SetLength(file, _space.Blocks * ErofsFormat.BlockSize);
        return _space.Blocks * ErofsFormat.BlockSize;
    }

    /// <summary>A whiteout: hides its name in the layers below.</summary>
    internal ErofsInode AddWhiteout() => AddSpecial(ErofsFormat.CharacterDeviceType, new TarMetadata(0, 0, 0, default));

    /// <summary>Makes a folder's inode and finds it a place; root's is fixed.</summary>
    internal (ErofsInode Inode, Place Place) PlaceFolder(TarMetadata metadata, long size, uint links, bool isRoot)
    {
        if (!isRoot)
        {
            ErofsInode folder = Create(ErofsFormat.FolderType, metadata, size);
            folder.Links = links;
            return (folder, Allocate(folder));
        }

        ErofsInode root = Create(ErofsFormat.FolderType, metadata, size, serial: 1);
        root.Links = links;
        root.Position = ErofsFormat.RootOffset;
        if (root.HeadSize > RootRoom)
        {
            throw new Errors.OrchestratorException(LayerErrors.Attribute, $"./: {root.Attributes.Length} bytes of attributes; the root has room for {RootRoom - ErofsFormat.InodeSize}.");
        }

        return (root, new Place(Inline: false, root.HeadSize, _space.TakeBlocks(ErofsSpace.BlocksOf(size))));
    }

    /// <summary>Writes an inode with its whole content.</summary>
    internal void WriteWhole(ErofsInode inode, Place place, ReadOnlySpan<byte> content)
    {
        int inline = place.Inline ? content.Length % ErofsFormat.BlockSize : 0;
        byte[] slot = new byte[place.SlotSize];
        inode.Write(slot, place.Inline, place.Block);
        content[^inline..].CopyTo(slot.AsSpan(inode.HeadSize));
        _space.Write(inode.Position, slot);
        if (content.Length > inline)
        {
            RandomAccess.Write(file, content[..^inline], place.BlockPosition);
        }
    }

    private ErofsInode AddSpecial(ushort type, TarMetadata metadata)
    {
        ErofsInode inode = Create(type, metadata, 0);
        inode.Position = _space.TakeSlot(inode.HeadSize);
        byte[] slot = new byte[inode.HeadSize];
        inode.Write(slot, inline: false, block: 0);
        _space.Write(inode.Position, slot);
        return inode;
    }

    private ErofsInode Create(ushort type, TarMetadata metadata, long size, uint? serial = null) => new()
    {
        Serial = serial ?? ++_inodes,
        Mode = (ushort)(type | metadata.Mode),
        Metadata = metadata,
        Attributes = ErofsAttributes.Encode(metadata.Attributes),
        Size = size,
    };

    private Place Allocate(ErofsInode inode)
    {
        int rest = (int)(inode.Size % ErofsFormat.BlockSize);
        bool inline = rest > 0 && inode.HeadSize + rest <= ErofsFormat.BlockSize;
        int slot = inode.HeadSize + (inline ? rest : 0);
        inode.Position = _space.TakeSlot(slot);
        long blocks = inline ? inode.Size / ErofsFormat.BlockSize : ErofsSpace.BlocksOf(inode.Size);
        return new Place(inline, slot, blocks == 0 ? Place.None : _space.TakeBlocks(blocks));
    }

    private void CopyBlocks(ContentReader content, long position, long size)
    {
        while (size > 0)
        {
            Span<byte> piece = _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, size));
            int filled = 0;
            while (filled < piece.Length)
            {
                filled += content(piece[filled..]);
            }

            RandomAccess.Write(file, piece, position);
            position += filled;
            size -= filled;
        }
    }

    private void WriteSuperblock(Digest diffId)
    {
        Span<byte> superblock = stackalloc byte[128];
        superblock.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(superblock, ErofsFormat.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(superblock[8..], ErofsFormat.ModificationTimes);
        superblock[12] = 12;
        BinaryPrimitives.WriteUInt16LittleEndian(superblock[14..], ErofsFormat.RootOffset / ErofsFormat.NumberUnit);
        BinaryPrimitives.WriteUInt64LittleEndian(superblock[16..], _inodes);
        BinaryPrimitives.WriteUInt32LittleEndian(superblock[36..], (uint)_space.Blocks);
        diffId.ToArray().AsSpan(0, 16).CopyTo(superblock[48..]);
        RandomAccess.Write(file, superblock, ErofsFormat.SuperblockOffset);
    }
}

/// <summary>Where an inode's content goes.</summary>
/// <param name="Inline">Whether what is left after the last full block follows the inode.</param>
/// <param name="SlotSize">Bytes of inode, attributes and inline content.</param>
/// <param name="BlockPosition">Of the first block, in bytes; <see cref="None"/> if there is none.</param>
internal readonly record struct Place(bool Inline, int SlotSize, long BlockPosition)
{
    public const long None = -1;

    /// <summary>The first block's number.</summary>
    public uint Block => BlockPosition == None ? ErofsFormat.NoBlock : (uint)(BlockPosition / ErofsFormat.BlockSize);
}
