namespace Orchestrator.Containers.Layers.Erofs;

/// <summary>Numbers of the EROFS on-disk format that are used here (Linux, fs/erofs/erofs_fs.h); little-endian throughout.</summary>
internal static class ErofsFormat
{
    public const int BlockSize = 4096;
    public const uint Magic = 0xE0F5E1E2;
    public const int SuperblockOffset = 1024;

    /// <summary>Compatible feature: the one time of an inode is that of its last modification.</summary>
    public const uint ModificationTimes = 2;

    public const int InodeSize = 64;

    /// <summary>An inode's number is its position in units of 32 bytes.</summary>
    public const int NumberUnit = 32;

    /// <summary>Root's inode follows the superblock: its number has 16 bits only.</summary>
    public const int RootOffset = SuperblockOffset + 128;

    /// <summary>Where an inode's field for the number of links is.</summary>
    public const int LinksOffset = 44;

    /// <summary>Block address of content that has no block.</summary>
    public const uint NoBlock = uint.MaxValue;

    /// <summary>Directory entry before its name: inode number, position of the name, type, a zero byte.</summary>
    public const int DirectoryEntrySize = 12;

    public const ushort FolderType = 0x4000;
    public const ushort CharacterDeviceType = 0x2000;
    public const ushort FileType = 0x8000;
    public const ushort SymbolicLinkType = 0xA000;
    public const ushort FifoType = 0x1000;

    /// <summary>The type in a directory entry.</summary>
    public static byte EntryType(ushort mode) => (mode & 0xF000) switch
    {
        FileType => 1,
        FolderType => 2,
        CharacterDeviceType => 3,
        FifoType => 5,
        SymbolicLinkType => 7,
        _ => throw new ArgumentOutOfRangeException(nameof(mode)),
    };
}
