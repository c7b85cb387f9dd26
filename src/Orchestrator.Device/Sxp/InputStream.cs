using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Device.Dma;
using Orchestrator.Errors;

namespace Orchestrator.Device.Sxp;

/// <summary>A stream that the device reads, proved to be the one that the manifest pins: header and every frame's leaf hash.</summary>
public sealed class InputStream : IDisposable
{
    private InputStream(ManifestStream description, StreamPrologue prologue, FrameChecks checks)
    {
        Description = description;
        Prologue = prologue;
        Checks = checks;
    }

    /// <summary>What the manifest says.</summary>
    public ManifestStream Description { get; }

    /// <summary>What stands before the first frame.</summary>
    public StreamPrologue Prologue { get; }

    /// <summary>Which frames it consists of.</summary>
    public FrameChecks Checks { get; }

    /// <summary>Index of the last frame that is not empty; -1 if the stream holds nothing.</summary>
    public int LastFrameWithRecords => (int)Description.Frames - (PlaintextLengthOf(Description.Frames - 1) == 0 ? 2 : 1);

    /// <summary>Bytes of plaintext in a frame.</summary>
    public int PlaintextLengthOf(long index) => index < Description.Frames - 1
        ? Description.FrameSize
        : (int)((Description.Records * Description.RecordSize) - (index * Description.FrameSize));

    /// <summary>Fetches prologue and leaf hashes and checks them against the manifest's digest.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.StreamSubstituted"/>, <see cref="DeviceErrors.StreamMismatch"/>, or a code of the host's.</exception>
    public static async Task<InputStream> OpenAsync(ManifestStream description, HostLink host, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(host);
        ReadOnlyMemory<byte> prologue = await host.ReadPrologueAsync(description.Id, cancellation).ConfigureAwait(false);
        var tree = new MerkleAccumulator();
        tree.Append(MerkleTree.LeafHash(prologue.Span));
        var leaves = new Digest[description.Frames];
        for (long first = 0; first < leaves.Length; first += HostLink.LeavesPerRead)
        {
            int count = (int)Math.Min(HostLink.LeavesPerRead, leaves.Length - first);
            Digest[] part = await host.ReadLeavesAsync(description.Id, first, count, cancellation).ConfigureAwait(false);
            part.CopyTo(leaves, first);
            Array.ForEach(part, tree.Append);
        }

        return tree.Root() == description.Digest
            ? new InputStream(description, ParsePrologue(description, prologue), new FrameChecks(leaves))
            : throw new OrchestratorException(DeviceErrors.StreamSubstituted, $"Stream {description.Id} is not the one that the manifest names.");
    }

    /// <inheritdoc/>
    public void Dispose() => Checks.Dispose();

    // The bytes are the owner's, as the digest shows; whether they say what the owner signed in the manifest is another matter.
    private static StreamPrologue ParsePrologue(ManifestStream description, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            StreamPrologue prologue = StreamPrologue.Parse(bytes.Span);
            StreamHeader header = prologue.Header;
            if (header.Kind == description.Kind && header.Run == description.Run && header.FrameSize == description.FrameSize && header.RecordSize == description.RecordSize)
            {
                return prologue;
            }
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(DeviceErrors.StreamMismatch, $"Stream {description.Id} cannot be read: {e.Message}", inner: e);
        }

        throw new OrchestratorException(DeviceErrors.StreamMismatch, $"The header of stream {description.Id} is not what the manifest says.");
    }
}
