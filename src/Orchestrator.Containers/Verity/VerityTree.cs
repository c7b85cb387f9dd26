using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Crypto;

namespace Orchestrator.Containers.Verity;

/// <summary>The hash tree over a file's blocks, in memory: 1/127 of the file's size.</summary>
public sealed class VerityTree
{
    private const int PieceBlocks = 256;

    private readonly byte[][] _levels;

    private VerityTree(long dataBlocks, byte[][] levels, Digest root)
    {
        DataBlocks = dataBlocks;
        _levels = levels;
        Root = root;
    }

    /// <summary>Blocks that it is over.</summary>
    public long DataBlocks { get; }

    /// <summary>The root hash.</summary>
    public Digest Root { get; }

    /// <summary>The levels as they are stored: the top one first.</summary>
    internal IEnumerable<ReadOnlyMemory<byte>> Stored => _levels.Reverse().Select(level => (ReadOnlyMemory<byte>)level);

    /// <summary>Computes the tree over a file, with all cores.</summary>
    /// <param name="file">Read from its start.</param>
    /// <param name="dataBlocks">Blocks of 4,096 bytes that it has, at least 1.</param>
    public static VerityTree Compute(SafeFileHandle file, long dataBlocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dataBlocks, 1);
        return Build(dataBlocks, hashes => HashFile(file, dataBlocks, hashes));
    }

    /// <summary>The hash of each data block, one behind the other, as the lowest level says.</summary>
    internal ReadOnlySpan<byte> HashOf(long block) => _levels.Length == 0
        ? Root.ToArray()
        : _levels[0].AsSpan(checked((int)(block * VerityFormat.HashSize)), VerityFormat.HashSize);

    /// <summary>Builds the tree above hashes of data blocks.</summary>
    /// <param name="dataBlocks">How many.</param>
    /// <param name="fill">Fills them in.</param>
    internal static VerityTree Build(long dataBlocks, Action<byte[]> fill)
    {
        IReadOnlyList<long> sizes = VerityFormat.LevelsOver(dataBlocks);
        byte[][] levels = [.. sizes.Select(blocks => new byte[checked((int)(blocks * VerityFormat.BlockSize))])];
        byte[] root = new byte[VerityFormat.HashSize];
        for (int level = 0; level <= levels.Length; level++)
        {
            byte[] hashes = level < levels.Length ? levels[level] : root;
            if (level == 0)
            {
                fill(hashes);
            }
            else
            {
                HashLevel(levels[level - 1], hashes);
            }
        }

        return new VerityTree(dataBlocks, levels, new Digest(root));
    }

    private static void HashLevel(byte[] level, byte[] hashes)
    {
        byte[] salted = new byte[VerityFormat.SaltSize + level.Length];
        level.CopyTo(salted, VerityFormat.SaltSize);
        VerityFormat.HashBlocks(salted, hashes);
    }

    private static void HashFile(SafeFileHandle file, long dataBlocks, byte[] hashes)
    {
        ReadAt source = VerityReader.SourceOf(file);
        long pieces = (dataBlocks + PieceBlocks - 1) / PieceBlocks;
        Parallel.For(0, pieces, piece =>
        {
            long first = piece * PieceBlocks;
            int blocks = (int)Math.Min(PieceBlocks, dataBlocks - first);
            byte[] buffer = ArrayPool<byte>.Shared.Rent(VerityFormat.SaltSize + (PieceBlocks * VerityFormat.BlockSize));
            try
            {
                Span<byte> salted = buffer.AsSpan(0, VerityFormat.SaltSize + (blocks * VerityFormat.BlockSize));
                source(first * VerityFormat.BlockSize, salted[VerityFormat.SaltSize..]);
                VerityFormat.HashBlocks(salted, hashes.AsSpan((int)(first * VerityFormat.HashSize)));
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        });
    }
}
