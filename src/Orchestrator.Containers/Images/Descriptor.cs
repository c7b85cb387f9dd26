using System.Collections.Immutable;
using Orchestrator.Containers.Layers;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>How one document of an OCI image names another (OCI image specification, "Content descriptors").</summary>
internal sealed record Descriptor(string MediaType, Digest Digest, long Size, ImmutableArray<string> Names)
{
    private const string ReferenceName = "org.opencontainers.image.ref.name";
    private const string FullName = "io.containerd.image.name";

    /// <summary>Where the layout keeps it.</summary>
    public string Path => $"blobs/sha256/{Digest}";

    /// <summary>Reads a descriptor.</summary>
    public static Descriptor Read(ImageDocument document)
    {
        if (document.Find("urls") is { } urls && urls.AsList().Length > 0)
        {
            throw new OrchestratorException(ImageErrors.ForeignLayer, $"{document.Require("digest").AsDigest()} is to be fetched from {ImageDocument.Shorten(urls.AsTexts()[0])}.");
        }

        long size = document.Require("size").AsLength();
        ImageDocument? notes = document.Find("annotations");
        return new Descriptor(
            document.Require("mediaType").AsText(),
            document.Require("digest").AsDigest(),
            size <= LayerLimits.MaxBytes ? size : throw new OrchestratorException(ImageErrors.TooLarge, $"A part of {size} bytes, more than {LayerLimits.MaxBytes}."),
            [.. new[] { ReferenceName, FullName }.Select(name => notes?.Find(name)?.AsText()).OfType<string>()]);
    }

    /// <summary>Whom it is for, such as <c>linux/amd64</c>; null: it does not say.</summary>
    public static string? PlatformOf(ImageDocument document) =>
        document.Find("platform") is { } platform ? $"{platform.Require("os").AsText()}/{platform.Require("architecture").AsText()}" : null;

    /// <summary>Finds what is named, with the size that is named.</summary>
    public ImageFile Find(ImageFiles files)
    {
        ImageFile file = files.Find(Path) ?? throw new OrchestratorException(ImageErrors.BlobMissing, $"{Path} is not there.");
        return file.Length == Size ? file : throw new OrchestratorException(ImageErrors.Digest, $"{Path} has {file.Length} bytes; {Size} are named.");
    }

    /// <summary>Reads the document that is named, and checks that it is the one.</summary>
    public ImageDocument ReadDocument(ImageFiles files)
    {
        Find(files);
        byte[] content = files.ReadDocument(Path);
        Digest found = Digest.Of(content);
        return found == Digest ? ImageDocument.Parse(Path, content) : throw new OrchestratorException(ImageErrors.Digest, $"{Path} has the SHA-256 {found}.");
    }
}
