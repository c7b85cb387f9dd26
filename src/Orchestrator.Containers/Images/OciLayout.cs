using System.Collections.Immutable;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>Reads an OCI image layout (OCI image specification 1.1).</summary>
internal static class OciLayout
{
    public const string MarkFile = "oci-layout";
    private const string IndexFile = "index.json";
    private const string LayoutVersion = "1.0.0";

    private sealed record Candidate(Descriptor Descriptor, ImmutableArray<string> Names);

    public static ImageContent Read(ImageFiles files, string? reference)
    {
        string version = Document(files, MarkFile).Require("imageLayoutVersion").AsText();
        if (version != LayoutVersion)
        {
            throw new OrchestratorException(ImageErrors.Document, $"{MarkFile} has the version {ImageDocument.Shorten(version)}, not {LayoutVersion}.");
        }

        Candidate chosen = Choose(files, reference);
        ImageDocument manifest = chosen.Descriptor.ReadDocument(files);
        RequireVersion(manifest);
        if (manifest.Find("mediaType")?.AsText() is { } type && type != chosen.Descriptor.MediaType)
        {
            throw manifest.Bad($"calls itself {ImageDocument.Shorten(type)}, and its descriptor calls it {chosen.Descriptor.MediaType}");
        }

        Descriptor config = Descriptor.Read(manifest.Require("config"));
        if (!MediaTypes.IsConfiguration(config.MediaType))
        {
            throw MediaTypes.Unknown("configuration", config.MediaType);
        }

        ImmutableArray<LayerBlob> layers = [.. manifest.Require("layers").AsList().Take(ImageLimits.MaxLayers + 1).Select(layer => Layer(files, layer))];
        return new ImageContent("oci", chosen.Descriptor.Digest, chosen.Names, ImageConfiguration.Read(config.ReadDocument(files)), layers).RequireLayers();
    }

    private static LayerBlob Layer(ImageFiles files, ImageDocument document)
    {
        // What a layer is comes before where it is: a foreign one is called that even if its blob is absent.
        Compression compression = MediaTypes.CompressionOf(document.Require("mediaType").AsText());
        Descriptor descriptor = Descriptor.Read(document);
        return new LayerBlob(descriptor.Find(files), descriptor.Digest, compression);
    }

    private static Candidate Choose(ImageFiles files, string? reference)
    {
        var search = new ManifestSearch(files);
        search.Collect(Document(files, IndexFile), [], depth: 1);
        search.RequireKnown();

        // One image can be there under several names.
        IEnumerable<Candidate> images = search.Found.GroupBy(candidate => candidate.Descriptor.Digest)
            .Select(same => new Candidate(same.First().Descriptor, [.. same.SelectMany(candidate => candidate.Names).Distinct(StringComparer.Ordinal)]));
        return ImageName.Choose([.. images], candidate => [.. candidate.Names, $"sha256:{candidate.Descriptor.Digest}"], reference);
    }

    private static void RequireVersion(ImageDocument document)
    {
        if (document.Require("schemaVersion").AsLength() is not 2)
        {
            throw document.Bad("is not of schema version 2");
        }
    }

    private static ImageDocument Document(ImageFiles files, string name) => ImageDocument.Parse(name, files.ReadDocument(name));

    /// <summary>Goes through indexes, which can name each other many times.</summary>
    private sealed class ManifestSearch(ImageFiles files)
    {
        private int _seen;
        private string? _unknown;

        public List<Candidate> Found { get; } = [];

        /// <summary>Refuses indexes in which nothing is of a type that is read.</summary>
        public void RequireKnown()
        {
            if (Found.Count == 0 && _unknown is not null)
            {
                throw MediaTypes.Unknown("manifest", _unknown);
            }
        }

        public void Collect(ImageDocument document, ImmutableArray<string> names, int depth)
        {
            RequireVersion(document);
            foreach (ImageDocument item in document.Require("manifests").AsList())
            {
                if (++_seen > ImageLimits.MaxManifests || depth > ImageLimits.MaxIndexDepth)
                {
                    throw new OrchestratorException(ImageErrors.TooLarge, $"Indexes name more than {ImageLimits.MaxManifests} manifests, or indexes more than {ImageLimits.MaxIndexDepth} deep.");
                }

                // What is for other machines, of other types or no image at all need not even be readable.
                string type = item.Require("mediaType").AsText();
                if (MediaTypes.IsIndex(type))
                {
                    Descriptor index = Descriptor.Read(item);
                    Collect(index.ReadDocument(files), [.. names, .. index.Names], depth + 1);
                }
                else if (!MediaTypes.IsManifest(type))
                {
                    _unknown ??= type;
                }
                else if (Descriptor.PlatformOf(item) is null or ContainerImage.Platform && item.Find("artifactType") is null)
                {
                    Descriptor manifest = Descriptor.Read(item);
                    Found.Add(new Candidate(manifest, [.. names, .. manifest.Names]));
                }
            }
        }
    }
}
