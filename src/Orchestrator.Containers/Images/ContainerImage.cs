using System.Collections.Immutable;
using Orchestrator.Containers.Layers;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Containers.Images;

/// <summary>A layer of an image, as the image describes it.</summary>
/// <param name="DiffId">SHA-256 of its archive.</param>
/// <param name="Length">Bytes of its blob.</param>
/// <param name="Packing"><c>none</c>, <c>gzip</c> or <c>zstd</c>.</param>
public sealed record ImageLayer(Digest DiffId, long Length, string Packing);

/// <summary>
/// A container image in local files: an OCI image layout or a docker archive (docs/spec/layer-image.md, "Images"). Its documents were checked when
/// it was opened; its layers are checked as they are built.
/// </summary>
public sealed class ContainerImage : IDisposable
{
    /// <summary>What images are for.</summary>
    public const string Platform = "linux/amd64";

    private readonly ImageFiles _files;
    private readonly ImageContent _content;
    private readonly string _path;
    private readonly UnpackAllowance _allowance;

    private ContainerImage(string path, ImageFiles files, ImageContent content)
    {
        _path = path;
        _files = files;
        _content = content;
        _allowance = new UnpackAllowance(content.Layers.Sum(layer => layer.File.Length));
        Layers = [.. content.Layers.Zip(content.Configuration.DiffIds, (layer, diffId) =>
            new ImageLayer(diffId, layer.File.Length, layer.Compression.ToString().ToLowerInvariant()))];
    }

    /// <summary><c>oci</c> or <c>docker</c>.</summary>
    public string Format => _content.Format;

    /// <summary>SHA-256 of the manifest, or of the configuration in a docker archive: what names the image.</summary>
    public Digest Digest => _content.Digest;

    /// <summary>Its names here; may be none.</summary>
    public ImmutableArray<string> Names => _content.Names;

    /// <summary>What it says of containers.</summary>
    public ImageConfiguration Configuration => _content.Configuration;

    /// <summary>Its layers, the bottom layer first.</summary>
    public ImmutableArray<ImageLayer> Layers { get; }

    /// <summary>Opens an image.</summary>
    /// <param name="path">A folder or an archive.</param>
    /// <param name="reference">Which image of several; null: there is one.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="ImageErrors"/> or <see cref="StorageErrors"/>.</exception>
    public static ContainerImage Open(string path, string? reference = null)
    {
        ImageFiles? files = null;
        try
        {
            files = ImageFiles.Open(path);
            return new ContainerImage(path, files, Read(files, reference));
        }
        catch (OrchestratorException e) when (!e.Message.StartsWith(path, StringComparison.Ordinal))
        {
            files?.Dispose();
            throw new OrchestratorException(e.Code, $"{path}: {e.Message}", inner: e);
        }
        catch
        {
            files?.Dispose();
            throw;
        }
    }

    /// <summary>Makes a layer's image, in a folder that exists. All layers together may unpack to so much only: each is made once.</summary>
    /// <param name="index">Counts from 0, the bottom layer.</param>
    /// <param name="folder">Gets <c>ROOTHASH.layer</c>.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="LayerErrors"/>, <see cref="ImageErrors"/> or <see cref="StorageErrors"/>.</exception>
    public BuiltLayer BuildLayer(int index, string folder)
    {
        try
        {
            return Build(_content.Layers[index], Configuration.DiffIds[index], folder);
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(e.Code, $"{_path}: layer {index + 1} of {Layers.Length}: {e.Message}", e.Remedy, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();

    private static ImageContent Read(ImageFiles files, string? reference) =>
        files.Find(OciLayout.MarkFile) is not null ? OciLayout.Read(files, reference)
        : files.Find(DockerArchive.ManifestFile) is not null ? DockerArchive.Read(files, reference)
        : throw new OrchestratorException(ImageErrors.Format, $"It has neither {OciLayout.MarkFile} nor {DockerArchive.ManifestFile}.");

    private BuiltLayer Build(LayerBlob layer, Digest diffId, string folder)
    {
        using Stream file = layer.File.Open();
        using var blob = new HashedStream(file);
        BuiltLayer? built = null;
        OrchestratorException? refusal = null;
        try
        {
            // What is not packed is hashed as it is turned into an image, and need not be hashed here too.
            using Stream archive = Decompression.Open(layer.Compression == Compression.None ? file : blob, layer.Compression, _allowance);
            built = LayerImageWriter.Write(archive, folder, diffId);
        }
        catch (OrchestratorException e) when (e.Code.Class is ErrorClass.Input or ErrorClass.Integrity)
        {
            refusal = e;
        }

        if (layer.Digest is { } named)
        {
            RequireBlob(layer, named, built is not null && layer.Compression == Compression.None ? diffId : DigestOf(layer, blob), built, refusal);
        }

        return built ?? throw refusal!;
    }

    private static Digest DigestOf(LayerBlob layer, HashedStream blob)
    {
        if (layer.Compression != Compression.None)
        {
            return blob.Finish();
        }

        using Stream again = layer.File.Open();
        using var hashed = new HashedStream(again);
        return hashed.Finish();
    }

    // That a blob was changed says more than what the change broke.
    private static void RequireBlob(LayerBlob layer, Digest named, Digest found, BuiltLayer? built, OrchestratorException? refusal)
    {
        if (found == named)
        {
            return;
        }

        if (built is not null)
        {
            File.Delete(built.Image.Path);
        }

        throw new OrchestratorException(ImageErrors.Digest, $"Its blob of {layer.File.Length} bytes has the SHA-256 {found}; {named} is named.", inner: refusal);
    }
}

/// <summary>A layer as it is stored.</summary>
/// <param name="File">The blob.</param>
/// <param name="Digest">Its SHA-256; null: nothing names it.</param>
/// <param name="Compression">How it is packed.</param>
internal sealed record LayerBlob(ImageFile File, Digest? Digest, Compression Compression);

/// <summary>What an image's documents say.</summary>
internal sealed record ImageContent(string Format, Digest Digest, ImmutableArray<string> Names, ImageConfiguration Configuration, ImmutableArray<LayerBlob> Layers)
{
    /// <summary>Requires as many layers as the configuration names, one at least and not too many.</summary>
    public ImageContent RequireLayers() => Layers.IsEmpty
        ? throw new OrchestratorException(ImageErrors.Document, "The image has no layers, so that there is nothing to run.")
        : Layers.Length > ImageLimits.MaxLayers
        ? throw new OrchestratorException(ImageErrors.TooLarge, $"The image has {Layers.Length} layers, more than {ImageLimits.MaxLayers}.")
        : Layers.Length == Configuration.DiffIds.Length
        ? this
        : throw new OrchestratorException(ImageErrors.Document, $"The manifest names {Layers.Length} layers and the configuration {Configuration.DiffIds.Length}.");
}
