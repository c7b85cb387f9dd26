namespace Orchestrator.Containers.Images;

/// <summary>What an image may have besides its layers' own limits: docs/spec/layer-image.md.</summary>
public static class ImageLimits
{
    /// <summary>Bytes of an index, manifest or configuration.</summary>
    public const int MaxDocument = 4 << 20;

    /// <summary>How deep indexes name indexes.</summary>
    public const int MaxIndexDepth = 4;

    /// <summary>Manifests over all indexes.</summary>
    public const int MaxManifests = 1024;

    /// <summary>Layers of an image.</summary>
    public const int MaxLayers = 128;

    /// <summary>Files in an archive of an image.</summary>
    public const int MaxFiles = 1 << 16;

    /// <summary>Binary logarithm of zstd's window: 128 MiB.</summary>
    public const int MaxZstdWindowLog = 27;
}
