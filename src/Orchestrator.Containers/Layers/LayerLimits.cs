namespace Orchestrator.Containers.Layers;

/// <summary>What a layer may have, against archives made to exhaust their reader: docs/spec/layer-image.md.</summary>
public static class LayerLimits
{
    /// <summary>Bytes of a layer, compressed or not.</summary>
    public const long MaxBytes = 16L << 30;

    /// <summary>Bytes up to which an image's layers may be compressed as tightly as they like.</summary>
    public const long FreeBytes = 256L << 20;

    /// <summary>Bytes of longer ones for each byte of the image's blobs.</summary>
    public const long MaxExpansion = 128;

    /// <summary>Entries of a layer; and its names, with the folders that only occur in other names.</summary>
    public const int MaxEntries = 1 << 19;

    /// <summary>Bytes of all attributes of a layer, which are kept until it is written.</summary>
    public const int MaxAllAttributes = 16 << 20;

    /// <summary>Bytes of a path or of a link's target.</summary>
    public const int MaxPath = 4095;

    /// <summary>Bytes of one name in a path.</summary>
    public const int MaxName = 255;

    /// <summary>Bytes of a pax header or GNU long name.</summary>
    public const int MaxHeader = 1 << 20;

    /// <summary>Bytes of a file's extended attributes, names and values.</summary>
    public const int MaxAttributes = 1 << 16;
}
