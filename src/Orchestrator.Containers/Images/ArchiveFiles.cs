using Microsoft.Win32.SafeHandles;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Layers.Tar;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>The files in a tar archive, found once and then read in place. A compressed archive is unpacked first, to a file that goes when it is closed.</summary>
internal sealed class ArchiveFiles : ImageFiles
{
    private const int MaxHops = 8;

    private sealed record Entry(TarEntryKind Kind, long Position, long Length, string Target);

    private readonly FileStream _archive;
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    private ArchiveFiles(FileStream archive) => _archive = archive;

    /// <summary>Opens an archive, compressed or not.</summary>
    public static new ArchiveFiles Open(string path)
    {
        FileStream file = LocalFile.OpenRead(path);
        try
        {
            var files = new ArchiveFiles(LocalFile.Guard(path, () => Unpacked(file)));
            LocalFile.Guard(path, () =>
            {
                files.ReadEntries(path);
                return true;
            });
            return files;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override ImageFile? Find(string name)
    {
        for (int hop = 0; hop < MaxHops && _entries.TryGetValue(name, out Entry? entry); hop++)
        {
            switch (entry.Kind)
            {
                case TarEntryKind.File:
                    return new ImageFile(entry.Length, () => new SliceStream(_archive.SafeFileHandle, entry.Position, entry.Length));

                // Old archives name a layer that two images share by a link.
                case TarEntryKind.SymbolicLink when Resolve(name, entry.Target) is { } target:
                    name = target;
                    break;
                case TarEntryKind.HardLink when Resolve("", entry.Target.TrimStart('/')) is { } target:
                    name = target;
                    break;
                default:
                    return null;
            }
        }

        return null;
    }

    public override void Dispose() => _archive.Dispose();

    private static FileStream Unpacked(FileStream file)
    {
        if (!file.CanSeek)
        {
            throw new OrchestratorException(ImageErrors.Format, "It is a pipe; an image has to be a file or a folder.");
        }

        Compression compression = Decompression.Recognize(file);
        if (compression == Compression.None)
        {
            return file;
        }

        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var unpacked = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        try
        {
            using (file)
            {
                using Stream source = Decompression.Open(file, compression, new UnpackAllowance(file.Length));
                source.CopyTo(unpacked, 1 << 20);
            }

            unpacked.Position = 0;
            return unpacked;
        }
        catch
        {
            unpacked.Dispose();
            throw;
        }
    }

    private void ReadEntries(string path)
    {
        try
        {
            var reader = new TarReader(_archive, ImageLimits.MaxFiles);
            while (reader.Next() is { } entry)
            {
                string name = string.Join('/', LayerPath.Split(entry.Name, entry));
                if (entry.Kind != TarEntryKind.Folder && !_entries.TryAdd(name, new Entry(entry.Kind, reader.ContentPosition, entry.Size, entry.LinkTarget)))
                {
                    throw new OrchestratorException(LayerErrors.DuplicateEntry, $"{entry.Shown} is there twice.");
                }
            }
        }
        catch (OrchestratorException e) when (e.Code.Id.StartsWith("layer-", StringComparison.Ordinal))
        {
            throw new OrchestratorException(ImageErrors.Archive, $"{path}: {e.Message}", inner: e);
        }
    }

    /// <summary>Where a link leads; null: out of the archive.</summary>
    private static string? Resolve(string from, string target)
    {
        var path = new Stack<string>(from.Split('/').SkipLast(1));
        foreach (string component in target.Split('/'))
        {
            if (component == ".." && !path.TryPop(out _))
            {
                return null;
            }

            if (component is not ("" or "." or ".."))
            {
                path.Push(component);
            }
        }

        return target.StartsWith('/') ? null : string.Join('/', path.Reverse());
    }
}
