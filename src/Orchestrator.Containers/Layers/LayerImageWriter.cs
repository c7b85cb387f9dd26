using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Containers.Layers.Erofs;
using Orchestrator.Containers.Layers.Tar;
using Orchestrator.Containers.Verity;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Layers;

/// <summary>A layer that was turned into an image, and what of it the group's plan looks at.</summary>
/// <param name="Image">The image.</param>
/// <param name="AccountFiles">By their paths, <see cref="AccountFile.Paths"/>.</param>
public sealed record BuiltLayer(LayerImage Image, ImmutableDictionary<string, AccountFile> AccountFiles);

/// <summary>Turns a layer's archive into a layer image, in one pass: docs/spec/layer-image.md.</summary>
public static class LayerImageWriter
{
    /// <summary>Writes the image into a folder, as <c>ROOTHASH.layer</c>.</summary>
    /// <param name="archive">A tar archive, from its first byte to its last.</param>
    /// <param name="folder">An existing folder.</param>
    /// <param name="expected">The archive's SHA-256; null: unknown. What does not have it is refused.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="LayerErrors"/> or <see cref="StorageErrors"/>, or <see cref="LayerErrors.DiffId"/>.</exception>
    public static BuiltLayer Write(Stream archive, string folder, Digest? expected = null)
    {
        ArgumentNullException.ThrowIfNull(archive);
        string partial = Path.Combine(folder, RandomNumberGenerator.GetHexString(16, lowercase: true) + ".partial");
        try
        {
            BuiltLayer built = Write(archive, partial, folder, expected);
            File.Move(partial, built.Image.Path, overwrite: true);
            return built;
        }
        catch (Exception e) when (StorageErrors.Concerns(e))
        {
            throw StorageErrors.From(e, folder);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static BuiltLayer Write(Stream archive, string partial, string folder, Digest? expected)
    {
        using SafeFileHandle file = File.OpenHandle(partial, FileMode.CreateNew, FileAccess.ReadWrite);
        using var hashed = new HashedStream(archive);
        var image = new ErofsWriter(file);
        LayerTree tree = ReadTree(hashed, image);
        Digest diffId = hashed.Finish();
        if (expected is { } known && known != diffId)
        {
            throw new OrchestratorException(LayerErrors.DiffId, $"The layer's archive has the SHA-256 {diffId}; the image's configuration says {known}.");
        }

        long length = image.Finish(tree.Root, diffId);
        VerityTree verity = VerityTree.Compute(file, length / VerityFormat.BlockSize);
        long end = Append(file, length, verity);
        var layer = new LayerImage(diffId, verity.Root, Path.Combine(folder, $"{verity.Root}.layer"), end);
        return new BuiltLayer(layer, AccountFile.Paths.ToImmutableDictionary(path => path, tree.AccountFileAt, StringComparer.Ordinal));
    }

    private static LayerTree ReadTree(Stream archive, ErofsWriter image)
    {
        using var ahead = new ReadAheadStream(archive);
        var tree = new LayerTree(image);
        var reader = new TarReader(ahead);
        while (reader.Next() is { } entry)
        {
            tree.Add(entry, reader);
        }

        return tree;
    }

    private static long Append(SafeFileHandle file, long position, VerityTree verity)
    {
        RandomAccess.Write(file, VeritySuperblock.Write(verity.DataBlocks, verity.Root), position);
        position += VerityFormat.BlockSize;
        foreach (ReadOnlyMemory<byte> level in verity.Stored)
        {
            RandomAccess.Write(file, level.Span, position);
            position += level.Length;
        }

        return position;
    }
}
