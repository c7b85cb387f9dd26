using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Containers.Layers.Erofs;

/// <summary>The content of a folder: blocks that each hold entries, then their names; sorted by bytes, so that the kernel can search.</summary>
internal sealed class ErofsDirectory
{
    private readonly List<List<string>> _blocks = [[]];
    private int _lastUsed;

    /// <summary>Lays out names, one character for each byte; <c>.</c> and <c>..</c> are added.</summary>
    public ErofsDirectory(IEnumerable<string> names)
    {
        foreach (string name in names.Concat([".", ".."]).Order(StringComparer.Ordinal))
        {
            int size = ErofsFormat.DirectoryEntrySize + name.Length;
            if (_lastUsed + size > ErofsFormat.BlockSize)
            {
                _blocks.Add([]);
                _lastUsed = 0;
            }

            _blocks[^1].Add(name);
            _lastUsed += size;
        }
    }

    /// <summary>Bytes: whole blocks, and what the last one uses.</summary>
    public long Size => ((_blocks.Count - 1L) * ErofsFormat.BlockSize) + _lastUsed;

    /// <summary>Encodes the content.</summary>
    /// <param name="find">The inode of each name.</param>
    public byte[] Encode(Func<string, ErofsInode> find)
    {
        byte[] content = new byte[Size];
        foreach ((int index, List<string> names) in _blocks.Index())
        {
            int end = Math.Min(ErofsFormat.BlockSize, content.Length - (index * ErofsFormat.BlockSize));
            EncodeBlock(content.AsSpan(index * ErofsFormat.BlockSize, end), names, find);
        }

        return content;
    }

    private static void EncodeBlock(Span<byte> block, List<string> names, Func<string, ErofsInode> find)
    {
        int at = 0;
        int nameAt = names.Count * ErofsFormat.DirectoryEntrySize;
        foreach (string name in names)
        {
            ErofsInode inode = find(name);
            BinaryPrimitives.WriteUInt64LittleEndian(block[at..], inode.Number);
            BinaryPrimitives.WriteUInt16LittleEndian(block[(at + 8)..], (ushort)nameAt);
            block[at + 10] = ErofsFormat.EntryType(inode.Mode);
            at += ErofsFormat.DirectoryEntrySize;
            nameAt += Encoding.Latin1.GetBytes(name, block[nameAt..]);
        }
    }
}
