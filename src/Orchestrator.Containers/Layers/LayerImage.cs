using Orchestrator.Crypto;

namespace Orchestrator.Containers.Layers;

/// <summary>A layer as a file system that the guest can mount and check: docs/spec/layer-image.md.</summary>
/// <param name="DiffId">SHA-256 of the layer's tar archive, uncompressed, as the image's configuration names it.</param>
/// <param name="RootHash">Of dm-verity: what the policy names the layer by.</param>
/// <param name="Path">The file, <c>ROOTHASH.layer</c>.</param>
/// <param name="Length">In bytes, the hash tree included.</param>
public sealed record LayerImage(Digest DiffId, Digest RootHash, string Path, long Length);
