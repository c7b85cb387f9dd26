using System.Buffers.Binary;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Verity;

/// <summary>The block before a tree. It names the tree's form; nothing of it is covered by the root hash, so that a reader takes one form only.</summary>
internal static class VeritySuperblock
{
    private const int UuidOffset = 16;
    private const int UuidSize = 16;
    private const int DataBlocksOffset = 72;

    /// <summary>Writes the superblock.</summary>
    /// <param name="dataBlocks">Blocks that the tree is over.</param>
    /// <param name="root">Its root hash, for its ID.</param>
    public static byte[] Write(long dataBlocks, Digest root)
    {
        byte[] block = new byte[VerityFormat.BlockSize];
        Span<byte> superblock = block;
        "verity\0\0"u8.CopyTo(superblock);
        BinaryPrimitives.WriteUInt32LittleEndian(superblock[8..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(superblock[12..], 1);
        root.ToArray().AsSpan(0, UuidSize).CopyTo(superblock[UuidOffset..]);
        "sha256"u8.CopyTo(superblock[32..]);
        BinaryPrimitives.WriteUInt32LittleEndian(superblock[64..], VerityFormat.BlockSize);
        BinaryPrimitives.WriteUInt32LittleEndian(superblock[68..], VerityFormat.BlockSize);
        BinaryPrimitives.WriteInt64LittleEndian(superblock[DataBlocksOffset..], dataBlocks);
        BinaryPrimitives.WriteUInt16LittleEndian(superblock[80..], VerityFormat.SaltSize);
        return block;
    }

    /// <summary>Requires the one form that there is.</summary>
    /// <param name="block">The block behind the data.</param>
    /// <param name="dataBlocks">Blocks of data before it.</param>
    public static void RequireForm(ReadOnlySpan<byte> block, long dataBlocks)
    {
        Span<byte> id = stackalloc byte[Digest.Size];
        block.Slice(UuidOffset, UuidSize).CopyTo(id);
        if (!block.SequenceEqual(Write(dataBlocks, new Digest(id))))
        {
            throw new OrchestratorException(VerityErrors.Superblock, $"The superblock behind {dataBlocks} blocks is not of the form that layer images have.");
        }
    }

    /// <summary>Requires the ID that goes with a tree.</summary>
    public static void RequireId(ReadOnlySpan<byte> block, Digest root)
    {
        if (!block.Slice(UuidOffset, UuidSize).SequenceEqual(root.ToArray().AsSpan(0, UuidSize)))
        {
            throw new OrchestratorException(VerityErrors.Superblock, $"The superblock's ID is not that of a tree with the root hash {root}.");
        }
    }
}
