using Orchestrator.Errors;

namespace Orchestrator.Containers.Verity;

/// <summary>Ways in which a layer image is not the one that its root hash names.</summary>
public static class VerityErrors
{
    private const string Fetch = "Fetch or build the layer image again; if it fails again, whoever stores it has changed it.";

    /// <summary>The superblock is not the one that layer images have.</summary>
    public static readonly ErrorCode Superblock = new("verity-superblock", ErrorClass.Integrity, "The layer image has no hash tree of the form that layer images have, or one of another length.", Fetch);

    /// <summary>The tree is another one.</summary>
    public static readonly ErrorCode RootMismatch = new("verity-root-mismatch", ErrorClass.Integrity, "The layer image's hash tree does not have the expected root.", Fetch);

    /// <summary>A block of the tree or of the data was changed.</summary>
    public static readonly ErrorCode BlockMismatch = new("verity-block-mismatch", ErrorClass.Integrity, "A block of the layer image differs from what its hash tree says.", Fetch);
}
