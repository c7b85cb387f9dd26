using Microsoft.Win32.SafeHandles;

namespace Orchestrator.Containers.Layers.Erofs;

/// <summary>
/// Hands out places in a file system: whole blocks one behind the other, and slots within blocks. Slots that are written at once are gathered
/// in memory until their block is full.
/// </summary>
internal sealed class ErofsSpace(SafeFileHandle file)
{
    private const int Empty = -1;

    private readonly byte[] _slots = new byte[ErofsFormat.BlockSize];
    private long _slotBlock = Empty;
    private int _slotUsed;

    /// <summary>Blocks handed out; block 0 is the superblock's.</summary>
    public long Blocks { get; private set; } = 1;

    /// <summary>The next <paramref name="count"/> blocks.</summary>
    /// <returns>The position of the first, in bytes.</returns>
    public long TakeBlocks(long count)
    {
        long position = Blocks * ErofsFormat.BlockSize;
        Blocks += count;
        return position;
    }

    /// <summary>A place for an inode with what follows it, within one block; or in blocks of its own, if it is longer than one.</summary>
    /// <returns>Its position, in bytes.</returns>
    public long TakeSlot(int size)
    {
        if (size > ErofsFormat.BlockSize)
        {
            return TakeBlocks(BlocksOf(size));
        }

        int start = (_slotUsed + ErofsFormat.NumberUnit - 1) & -ErofsFormat.NumberUnit;
        if (_slotBlock == Empty || start + size > ErofsFormat.BlockSize)
        {
            Flush();
            _slotBlock = TakeBlocks(1);
            start = 0;
        }

        _slotUsed = start + size;
        return _slotBlock + start;
    }

    /// <summary>Writes at a place that was handed out.</summary>
    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        long within = position - _slotBlock;
        if (_slotBlock != Empty && within >= 0 && within < ErofsFormat.BlockSize)
        {
            bytes.CopyTo(_slots.AsSpan((int)within));
            return;
        }

        RandomAccess.Write(file, bytes, position);
    }

    /// <summary>Writes the gathered slots.</summary>
    public void Flush()
    {
        if (_slotBlock != Empty)
        {
            RandomAccess.Write(file, _slots, _slotBlock);
            _slots.AsSpan().Clear();
        }
    }

    /// <summary>Blocks that hold <paramref name="size"/> bytes.</summary>
    public static long BlocksOf(long size) => (size + ErofsFormat.BlockSize - 1) / ErofsFormat.BlockSize;
}
