using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Verity;

/// <summary>Reads bytes at a position, all that the buffer has room for; what cannot be read throws.</summary>
public delegate void ReadAt(long position, Span<byte> buffer);

/// <summary>
/// Reads data that somebody else stores, who may change it at any time: each block is copied, then compared with the hash tree, and only then
/// handed out. The tree is checked as a whole, up to the root hash, when the reader is opened, and kept in memory.
/// </summary>
public sealed class VerityReader
{
    private const int PieceBlocks = 256;

    private readonly ReadAt _source;
    private readonly VerityTree _tree;

    private VerityReader(ReadAt source, VerityTree tree)
    {
        _source = source;
        _tree = tree;
    }

    /// <summary>Bytes of data: whole blocks.</summary>
    public long Length => _tree.DataBlocks * VerityFormat.BlockSize;

    /// <summary>The root hash that all of it hangs on.</summary>
    public Digest Root => _tree.Root;

    /// <summary>Opens data, a superblock behind it, and the tree behind that.</summary>
    /// <param name="source">Whoever stores it.</param>
    /// <param name="root">What is expected.</param>
    /// <param name="length">Bytes of all three together.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="VerityErrors"/>.</exception>
    public static VerityReader Open(ReadAt source, Digest root, long length)
    {
        ArgumentNullException.ThrowIfNull(source);
        long dataBlocks = DataBlocksOf(length);
        byte[] superblock = new byte[VerityFormat.BlockSize];
        source(dataBlocks * VerityFormat.BlockSize, superblock);
        VeritySuperblock.RequireForm(superblock, dataBlocks);
        VerityTree tree = ReadTree(source, dataBlocks);
        VeritySuperblock.RequireId(superblock, tree.Root);
        return tree.Root == root
            ? new VerityReader(source, tree)
            : throw new OrchestratorException(VerityErrors.RootMismatch, $"The tree's root hash is {tree.Root}; {root} is expected.");
    }

    /// <summary>Reads a file from its start.</summary>
    public static ReadAt SourceOf(SafeFileHandle file) => (position, buffer) =>
    {
        while (!buffer.IsEmpty)
        {
            int read = RandomAccess.Read(file, buffer, position);
            if (read == 0)
            {
                throw new OrchestratorException(VerityErrors.Superblock, $"The layer image ends at byte {position}.");
            }

            buffer = buffer[read..];
            position += read;
        }
    };

    /// <summary>Reads whole blocks and checks each.</summary>
    /// <param name="first">The first block.</param>
    /// <param name="buffer">Room for whole blocks; cleared if one is not as it should be.</param>
    /// <exception cref="OrchestratorException"><see cref="VerityErrors.BlockMismatch"/>.</exception>
    public void ReadBlocks(long first, Span<byte> buffer)
    {
        byte[] salted = ArrayPool<byte>.Shared.Rent(VerityFormat.SaltSize + buffer.Length);
        try
        {
            ReadSalted(first, salted.AsSpan(0, VerityFormat.SaltSize + buffer.Length));
            salted.AsSpan(VerityFormat.SaltSize, buffer.Length).CopyTo(buffer);
        }
        catch
        {
            buffer.Clear();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(salted);
        }
    }

    /// <summary>Copies all of the data, with all cores. When a block is refused, what was copied is true, but is not all.</summary>
    /// <param name="destination">Gets pieces at their positions, from several threads.</param>
    /// <exception cref="OrchestratorException"><see cref="VerityErrors.BlockMismatch"/>.</exception>
    public void CopyTo(SafeFileHandle destination) => ForEachPiece((first, data) => RandomAccess.Write(destination, data, first * VerityFormat.BlockSize));

    /// <summary>Checks all of the data.</summary>
    /// <exception cref="OrchestratorException"><see cref="VerityErrors.BlockMismatch"/>.</exception>
    public void CheckAll() => ForEachPiece((_, _) => { });

    private void ForEachPiece(Action<long, ReadOnlySpan<byte>> use)
    {
        long pieces = (_tree.DataBlocks + PieceBlocks - 1) / PieceBlocks;
        try
        {
            Parallel.For(0, pieces, piece => UsePiece(piece * PieceBlocks, use));
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<OrchestratorException>().FirstOrDefault() is { } refusal)
        {
            throw new OrchestratorException(refusal.Code, refusal.Message, inner: e);
        }
    }

    private void UsePiece(long first, Action<long, ReadOnlySpan<byte>> use)
    {
        int blocks = (int)Math.Min(PieceBlocks, _tree.DataBlocks - first);
        int size = VerityFormat.SaltSize + (blocks * VerityFormat.BlockSize);
        byte[] salted = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            ReadSalted(first, salted.AsSpan(0, size));
            use(first, salted.AsSpan(VerityFormat.SaltSize, size - VerityFormat.SaltSize));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(salted);
        }
    }

    private void ReadSalted(long first, Span<byte> salted)
    {
        Span<byte> data = salted[VerityFormat.SaltSize..];
        int blocks = data.Length / VerityFormat.BlockSize;
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + blocks, _tree.DataBlocks);
        _source(first * VerityFormat.BlockSize, data);
        byte[] hashes = new byte[blocks * VerityFormat.HashSize];
        VerityFormat.HashBlocks(salted, hashes);
        for (int i = 0; i < blocks; i++)
        {
            if (!hashes.AsSpan(i * VerityFormat.HashSize, VerityFormat.HashSize).SequenceEqual(_tree.HashOf(first + i)))
            {
                throw new OrchestratorException(VerityErrors.BlockMismatch, $"Block {first + i} of the layer image {_tree.Root} was changed.");
            }
        }
    }

    /// <summary>Takes the lowest level as it is stored, computes those above it, and compares all.</summary>
    private static VerityTree ReadTree(ReadAt source, long dataBlocks)
    {
        IReadOnlyList<long> levels = VerityFormat.LevelsOver(dataBlocks);
        byte[] stored = new byte[checked((int)(levels.Sum() * VerityFormat.BlockSize))];
        source((dataBlocks + 1) * VerityFormat.BlockSize, stored);
        int lowest = checked((int)(levels[0] * VerityFormat.BlockSize));
        VerityTree tree = VerityTree.Build(dataBlocks, hashes => stored.AsSpan(stored.Length - lowest).CopyTo(hashes));
        int at = 0;
        foreach (ReadOnlyMemory<byte> level in tree.Stored)
        {
            if (!level.Span.SequenceEqual(stored.AsSpan(at, level.Length)))
            {
                throw new OrchestratorException(VerityErrors.BlockMismatch, "A block of the hash tree was changed.");
            }

            at += level.Length;
        }

        return tree;
    }

    /// <summary>The data's blocks of a layer image of this length: there is one number that leaves room for just its tree.</summary>
    private static long DataBlocksOf(long length)
    {
        long blocks = length / VerityFormat.BlockSize;
        long low = 2;
        long high = blocks;
        while (low < high)
        {
            long middle = (low + high) / 2;
            if (middle + 1 + VerityFormat.LevelsOver(middle).Sum() < blocks)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return length % VerityFormat.BlockSize == 0 && length <= VerityFormat.MaxLength && blocks > 2 && low + 1 + VerityFormat.LevelsOver(low).Sum() == blocks
            ? low
            : throw new OrchestratorException(VerityErrors.Superblock, $"A layer image cannot be {length} bytes long.");
    }
}
