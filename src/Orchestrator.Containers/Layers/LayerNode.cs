using Orchestrator.Containers.Layers.Erofs;
using Orchestrator.Containers.Layers.Tar;

namespace Orchestrator.Containers.Layers;

/// <summary>A name in a layer.</summary>
internal abstract class LayerNode;

/// <summary>Anything but a folder: a file, link, pipe or whiteout whose inode is written already. Hard links share it.</summary>
internal sealed class LayerLeaf(ErofsInode inode) : LayerNode
{
    public ErofsInode Inode { get; } = inode;
}

/// <summary>A folder, whose inode is written when all of the layer is known.</summary>
internal sealed class LayerFolder : LayerNode
{
    /// <summary>What a folder has that no entry describes.</summary>
    private static readonly TarMetadata s_undescribed = new(0x1ED, 0, 0, default);

    private TarMetadata? _metadata;

    /// <summary>What is in it, by name; one character for each byte.</summary>
    public Dictionary<string, LayerNode> Children { get; } = new(StringComparer.Ordinal);

    /// <summary>Names below it that the layer hides in those below.</summary>
    public HashSet<string> Whiteouts { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether it hides all that the layers below have in it.</summary>
    public bool Opaque { get; set; }

    public TarMetadata Metadata => _metadata ?? s_undescribed;

    /// <summary>Takes an entry's description; false: another one described it otherwise.</summary>
    public bool Describe(TarMetadata metadata)
    {
        if (_metadata is not null)
        {
            return _metadata.Matches(metadata);
        }

        _metadata = metadata;
        return true;
    }
}
