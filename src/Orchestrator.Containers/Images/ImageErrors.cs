using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>Ways in which an image is refused before its layers are looked at. Every message names the file and the document.</summary>
public static class ImageErrors
{
    private const string CopyAgain = "Copy the image again; if it fails again, whoever stores it has changed it.";
    private const string SeeSpec = "Write the image again as an OCI layout, e.g. with `skopeo copy`; docs/spec/layer-image.md lists what is read.";

    /// <summary>Neither an OCI layout nor a docker archive.</summary>
    public static readonly ErrorCode Format = new("image-format", ErrorClass.Input, "This is neither an OCI image layout nor a docker archive.", SeeSpec);

    /// <summary>The archive around the image has slips.</summary>
    public static readonly ErrorCode Archive = new("image-archive", ErrorClass.Input, "The archive that holds the image is damaged, ambiguous or larger than the limits allow.", CopyAgain);

    /// <summary>A document is not what its type says.</summary>
    public static readonly ErrorCode Document = new("image-document", ErrorClass.Input, "A document of the image is not JSON, lacks a member, has one twice, or contradicts itself.", SeeSpec);

    /// <summary>Something that is not read.</summary>
    public static readonly ErrorCode MediaType = new("image-media-type", ErrorClass.Input, "Something in the image is of a type that is not read.", SeeSpec);

    /// <summary>A layer that is elsewhere.</summary>
    public static readonly ErrorCode ForeignLayer = new("image-foreign-layer", ErrorClass.Input, "A layer is foreign: its content is to be fetched from elsewhere.", "Use an image that holds all of its layers; nothing is ever fetched.");

    /// <summary>A blob that is not the one named.</summary>
    public static readonly ErrorCode Digest = new("image-digest-mismatch", ErrorClass.Integrity, "A part of the image does not have the size or digest that it is named by.", CopyAgain);

    /// <summary>A blob that is not there.</summary>
    public static readonly ErrorCode BlobMissing = new("image-blob-missing", ErrorClass.NotFound, "A part that the image names is not there.", "Copy the whole image.");

    /// <summary>Beyond the limits.</summary>
    public static readonly ErrorCode TooLarge = new("image-too-large", ErrorClass.Input, "A document of the image, or the number of its layers, is beyond the limits.", SeeSpec);

    /// <summary>No such image.</summary>
    public static readonly ErrorCode NotFound = new("image-not-found", ErrorClass.NotFound, "The reference names no image for linux/amd64 here.", "Name one of those that the message lists.");

    /// <summary>Several images.</summary>
    public static readonly ErrorCode Ambiguous = new("image-ambiguous", ErrorClass.Usage, "Several images are here.", "Say which one with `reference`, or --reference on the command line.");

    /// <summary>Not for the machines that groups run on.</summary>
    public static readonly ErrorCode Platform = new("image-platform", ErrorClass.Input, "The image is not for linux/amd64.", "Use the image's variant for linux/amd64.");

    /// <summary>A layer that does not unpack.</summary>
    public static readonly ErrorCode Compression = new("image-compression", ErrorClass.Input, "A layer cannot be unpacked.", CopyAgain);

    /// <summary>libzstd is not installed.</summary>
    public static readonly ErrorCode NoZstd = new("image-zstd-missing", ErrorClass.Unavailable, "The library that unpacks zstd is not installed.", "Install it (Debian: libzstd1), or write the image with gzip layers.");
}
