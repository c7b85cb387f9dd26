using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>A file of an image, where it is stored.</summary>
/// <param name="Length">In bytes.</param>
/// <param name="Open">Opens it for reading from its start.</param>
internal sealed record ImageFile(long Length, Func<Stream> Open);

/// <summary>The files of an image: a folder's, or an archive's.</summary>
internal abstract class ImageFiles : IDisposable
{
    /// <summary>A file by its name with slashes; null: there is none, or something that is no file.</summary>
    public abstract ImageFile? Find(string name);

    /// <summary>Opens the folder or archive at <paramref name="path"/>.</summary>
    public static ImageFiles Open(string path) => Directory.Exists(path) ? new FolderFiles(path) : ArchiveFiles.Open(path);

    /// <summary>The whole of a document.</summary>
    public byte[] ReadDocument(string name)
    {
        ImageFile file = Find(name) ?? throw new OrchestratorException(ImageErrors.BlobMissing, $"{name} is not there.");
        if (file.Length > ImageLimits.MaxDocument)
        {
            throw new OrchestratorException(ImageErrors.TooLarge, $"{name} has {file.Length} bytes, more than {ImageLimits.MaxDocument}.");
        }

        using Stream stream = file.Open();
        byte[] content = new byte[file.Length];
        return stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) == content.Length
            ? content
            : throw new OrchestratorException(ImageErrors.Digest, $"{name} is shorter than it was a moment ago.");
    }

    public virtual void Dispose()
    {
    }

    private sealed class FolderFiles(string folder) : ImageFiles
    {
        public override ImageFile? Find(string name)
        {
            if (name.StartsWith('/') || name.Contains('\0', StringComparison.Ordinal) || name.Split('/').Contains(".."))
            {
                return null;
            }

            var file = new FileInfo(Path.Combine(folder, name));
            if (file.LinkTarget is not null)
            {
                // Some builders link to where they keep the blobs of all images. Wherever it leads, the digest says what it has to hold.
                file = LocalFile.Guard(file.FullName, () => (FileInfo)file.ResolveLinkTarget(returnFinalTarget: true)!);
            }

            // What is no file has no length; opening a pipe would wait for ever.
            return file.Exists && file.Length > 0 ? new ImageFile(file.Length, () => LocalFile.OpenRead(file.FullName)) : null;
        }
    }
}
