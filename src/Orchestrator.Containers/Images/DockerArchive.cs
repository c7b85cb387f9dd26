using System.Collections.Immutable;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>Reads a docker archive (Docker image specification 1.2, "Combined image JSON + filesystem changeset format").</summary>
internal static class DockerArchive
{
    public const string ManifestFile = "manifest.json";

    public static ImageContent Read(ImageFiles files, string? reference)
    {
        ImageDocument entry = ImageName.Choose(ImageDocument.Parse(ManifestFile, files.ReadDocument(ManifestFile)).AsList(), image => Names(image), reference);
        RefuseForeign(entry);
        string configName = entry.Require("Config").AsText();
        byte[] config = files.ReadDocument(configName);
        Digest digest = Digest.Of(config);
        if (DigestIn(configName) is { } named && named != digest)
        {
            throw new OrchestratorException(ImageErrors.Digest, $"{configName} has the SHA-256 {digest}.");
        }

        ImageConfiguration configuration = ImageConfiguration.Read(ImageDocument.Parse(configName, config));
        ImmutableArray<string> layers = entry.Require("Layers").AsTexts();
        return new ImageContent("docker", digest, Names(entry), configuration, [.. layers.Take(ImageLimits.MaxLayers + 1).Select((name, index) => Layer(files, name, configuration, index))])
            .RequireLayers();
    }

    private static LayerBlob Layer(ImageFiles files, string name, ImageConfiguration configuration, int index)
    {
        ImageFile file = files.Find(name) ?? throw new OrchestratorException(ImageErrors.BlobMissing, $"{ImageDocument.Shorten(name)} is not there.");
        using Stream start = file.Open();
        Compression compression = Decompression.Recognize(start);

        // A layer that is not packed is its archive, which the configuration names.
        bool known = compression == Compression.None && index < configuration.DiffIds.Length;
        return new LayerBlob(file, known ? configuration.DiffIds[index] : null, compression);
    }

    private static ImmutableArray<string> Names(ImageDocument entry) => entry.Find("RepoTags")?.AsTexts() ?? [];

    private static void RefuseForeign(ImageDocument entry)
    {
        foreach ((_, ImageDocument source) in entry.Find("LayerSources")?.AsMembers() ?? [])
        {
            Descriptor.Read(source);
            MediaTypes.CompressionOf(source.Require("mediaType").AsText());
        }
    }

    /// <summary>The digest that a file is named by: <c>HEX.json</c>, <c>sha256:HEX</c> or <c>blobs/sha256/HEX</c>; null: it is named otherwise.</summary>
    private static Digest? DigestIn(string name)
    {
        string last = name.Split('/', ':')[^1];
        return Digest.TryParse(last.EndsWith(".json", StringComparison.Ordinal) ? last[..^5] : last, out Digest digest) ? digest : null;
    }
}
