using Orchestrator.Errors;

namespace Orchestrator.Containers.Layers;

/// <summary>Ways in which a layer's archive is refused. Every message names the entry.</summary>
public static class LayerErrors
{
    private const string Rebuild = "Build the image again without it; docs/spec/layer-image.md lists what a layer may hold.";
    private const string Distrust = "Do not use the image: no honest tool writes this. docs/spec/layer-image.md lists what a layer may hold.";

    /// <summary>Not a tar archive, or one with slips in it.</summary>
    public static readonly ErrorCode Malformed = new("layer-malformed", ErrorClass.Input, "The layer is not a tar archive, or is a damaged one.", "Copy or build the image again.");

    /// <summary>Beyond the limits.</summary>
    public static readonly ErrorCode TooLarge = new("layer-too-large", ErrorClass.Input, "The layer has more bytes or entries than the limits allow.", "Split the layer, or remove what the containers do not need.");

    /// <summary>A decompression bomb.</summary>
    public static readonly ErrorCode Bomb = new("layer-bomb", ErrorClass.Input, "The layer unpacks to very much more than it is long.", Distrust);

    /// <summary>Another archive than the configuration names.</summary>
    public static readonly ErrorCode DiffId = new("layer-diff-id-mismatch", ErrorClass.Integrity, "A layer's archive is not the one that the image's configuration names.", "Copy the image again; if it fails again, whoever stores it has changed it.");

    /// <summary>A name that no file can have.</summary>
    public static readonly ErrorCode Name = new("layer-name", ErrorClass.Input, "An entry's name or link target is empty, too long, or holds a zero byte.", Rebuild);

    /// <summary>A name that leads out of the layer.</summary>
    public static readonly ErrorCode PathEscape = new("layer-path-escape", ErrorClass.Input, "An entry's name climbs with \"..\".", Distrust);

    /// <summary>A name that leads through something that is no folder.</summary>
    public static readonly ErrorCode PathThroughLink = new("layer-path-through-link", ErrorClass.Input, "An entry lies below something that is not a folder, such as a symbolic link.", Distrust);

    /// <summary>A device.</summary>
    public static readonly ErrorCode DeviceNode = new("layer-device-node", ErrorClass.Input, "The layer holds a device node.", "Build the image again without it; the runtime provides the devices that containers need.");

    /// <summary>A hard link that is more than a second name.</summary>
    public static readonly ErrorCode HardLink = new("layer-hard-link", ErrorClass.Input, "A hard link does not lead to an earlier file of the same layer, or has content of its own.", Distrust);

    /// <summary>A name twice.</summary>
    public static readonly ErrorCode DuplicateEntry = new("layer-duplicate-entry", ErrorClass.Input, "The layer has two entries of one name: which one counts would depend on the reader.", "Build the image again with each name once; do not use it as it is.");

    /// <summary>A sparse file.</summary>
    public static readonly ErrorCode Sparse = new("layer-sparse", ErrorClass.Input, "The layer holds a sparse file.", "Build the image again with a tool that writes files whole.");

    /// <summary>An unknown type of entry.</summary>
    public static readonly ErrorCode EntryType = new("layer-entry-type", ErrorClass.Input, "An entry is of a type that layers do not have, or has content that its type cannot have.", Rebuild);

    /// <summary>An extended attribute that is not admitted.</summary>
    public static readonly ErrorCode Attribute = new("layer-attribute", ErrorClass.Input, "An entry has an extended attribute that would steer the stacking of layers, or that is of an unknown kind or too long.", Rebuild);

    /// <summary>A whiteout that hides nothing nameable.</summary>
    public static readonly ErrorCode Whiteout = new("layer-whiteout", ErrorClass.Input, "A whiteout has content, no name, or an unknown special name.", Rebuild);
}
