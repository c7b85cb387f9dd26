using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>The media types that are read; all others are refused.</summary>
internal static class MediaTypes
{
    private const string OciLayer = "application/vnd.oci.image.layer.v1.tar";
    private const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

    /// <summary>Whether it is an index of manifests.</summary>
    public static bool IsIndex(string type) => type is "application/vnd.oci.image.index.v1+json" or "application/vnd.docker.distribution.manifest.list.v2+json";

    /// <summary>Whether it is an image's manifest, or an artifact's.</summary>
    public static bool IsManifest(string type) => type is "application/vnd.oci.image.manifest.v1+json" or "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>Whether it is an image's configuration.</summary>
    public static bool IsConfiguration(string type) => type is "application/vnd.oci.image.config.v1+json" or "application/vnd.docker.container.image.v1+json";

    /// <summary>How a layer of this type is packed.</summary>
    public static Compression CompressionOf(string type) => type switch
    {
        OciLayer or DockerLayer => Compression.None,
        OciLayer + "+gzip" or DockerLayer + ".gzip" => Compression.Gzip,
        OciLayer + "+zstd" or DockerLayer + ".zstd" => Compression.Zstd,
        _ when type.Contains("nondistributable", StringComparison.Ordinal) || type.Contains("foreign", StringComparison.Ordinal) =>
            throw new OrchestratorException(ImageErrors.ForeignLayer, $"A layer is of the type {ImageDocument.Shorten(type)}."),
        _ => throw Unknown("layer", type),
    };

    /// <summary>The complaint about an unknown type.</summary>
    public static OrchestratorException Unknown(string what, string type) =>
        new(ImageErrors.MediaType, $"The {what}'s type is {ImageDocument.Shorten(type)}, which is not read.");
}
