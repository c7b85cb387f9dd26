using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Containers.Layers.Erofs;
using Orchestrator.Containers.Verity;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Layers;

/// <summary>
/// A layer image whose hash tree leads to the root hash that was asked for. Made by <see cref="Open(ReadAt, Digest, long)"/> alone. Data are
/// checked block by block as they are read: the file may change under the reader, and a changed block is refused.
/// </summary>
public sealed class VerifiedLayer
{
    private readonly VerityReader _reader;

    private VerifiedLayer(VerityReader reader) => _reader = reader;

    /// <summary>What the policy names the layer by.</summary>
    public Digest RootHash => _reader.Root;

    /// <summary>Bytes of the file system, without its tree.</summary>
    public long Length => _reader.Length;

    /// <summary>Opens a layer image.</summary>
    /// <param name="source">Whoever stores it.</param>
    /// <param name="root">The expected root hash.</param>
    /// <param name="length">Bytes of the whole file.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="VerityErrors"/>.</exception>
    public static VerifiedLayer Open(ReadAt source, Digest root, long length)
    {
        VerityReader reader = VerityReader.Open(source, root, length);
        RequireFileSystem(reader);
        return new VerifiedLayer(reader);
    }

    /// <summary>Opens a layer image in a file.</summary>
    /// <exception cref="OrchestratorException">A code of <see cref="VerityErrors"/>.</exception>
    public static VerifiedLayer Open(SafeFileHandle file, Digest root) => Open(VerityReader.SourceOf(file), root, RandomAccess.GetLength(file));

    /// <summary>Copies the file system, checking every block before it is written, with all cores.</summary>
    /// <param name="destination">Out of the reach of whoever stores the image.</param>
    /// <exception cref="OrchestratorException"><see cref="VerityErrors.BlockMismatch"/>: the copy is incomplete and must not be mounted.</exception>
    public void CopyTo(SafeFileHandle destination)
    {
        RandomAccess.SetLength(destination, Length);
        _reader.CopyTo(destination);
    }

    /// <summary>Checks every block, and keeps none.</summary>
    /// <exception cref="OrchestratorException"><see cref="VerityErrors.BlockMismatch"/>.</exception>
    public void CheckAll() => _reader.CheckAll();

    // The root hash says nothing of the number of blocks: a level of the tree itself hashes to the same root.
    private static void RequireFileSystem(VerityReader reader)
    {
        Span<byte> block = stackalloc byte[VerityFormat.BlockSize];
        reader.ReadBlocks(0, block);
        ReadOnlySpan<byte> superblock = block[ErofsFormat.SuperblockOffset..];
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(superblock);
        uint blocks = BinaryPrimitives.ReadUInt32LittleEndian(superblock[36..]);
        if (magic != ErofsFormat.Magic || blocks != reader.Length / ErofsFormat.BlockSize)
        {
            throw new OrchestratorException(VerityErrors.Superblock, $"What hashes to {reader.Root} is not a file system of {reader.Length / ErofsFormat.BlockSize} blocks.");
        }
    }
}
