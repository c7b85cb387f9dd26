using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Checkpoints;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Device.Sessions;

/// <summary>
/// The checkpoint that a session begins with, as far as it can be judged without its key: of this job, at a place where the
/// job writes one. <see cref="RequireKey"/> shows that its header is authentic; its frames are checked when they are read.
/// </summary>
public sealed class ResumePoint
{
    /// <summary>The most frames of a checkpoint: 16 GiB of state.</summary>
    public const int MaxFrames = 1 << 16;

    private ResumePoint(Digest digest, StreamPrologue prologue, CheckpointHeader header, int frames)
    {
        Digest = digest;
        Prologue = prologue;
        Header = header;
        Frames = frames;
    }

    /// <summary>The stream's digest.</summary>
    public Digest Digest { get; }

    /// <summary>What stands before the first frame.</summary>
    public StreamPrologue Prologue { get; }

    /// <summary>Which checkpoint it is.</summary>
    public CheckpointHeader Header { get; }

    /// <summary>Frames, as the host says; the digest shows whether it is so.</summary>
    public int Frames { get; }

    /// <summary>What the quote says of it.</summary>
    public CheckpointClaim Claim => new(Digest, Header.Epoch, Header.Counter);

    /// <summary>Checks what a host offers.</summary>
    /// <exception cref="OrchestratorException"><see cref="ContractErrors.CheckpointForeign"/>.</exception>
    public static ResumePoint Check(CheckpointOffer offer, Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(offer);
        if (offer.Digest.Length != Digest.Size || offer.Frames is 0 or > MaxFrames)
        {
            throw new OrchestratorException(ContractErrors.CheckpointForeign, $"The checkpoint was offered with a digest of {offer.Digest.Length} bytes and {offer.Frames} frames.");
        }

        StreamPrologue prologue = Parse(offer.Prologue.Memory);
        return new ResumePoint(new Digest(offer.Digest.Span), prologue, CheckpointHeader.Read(prologue.Header, manifest), (int)offer.Frames);
    }

    /// <summary>Checks that the key which the parties' shares give is the one that the header is committed to.</summary>
    /// <param name="keyOf">Gives the key of a checkpoint.</param>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.CheckpointForged"/>.</exception>
    public void RequireKey(Func<CheckpointHeader, StreamKey> keyOf) => Open(keyOf).Dispose();

    /// <summary>Begins to open the frames.</summary>
    /// <inheritdoc cref="RequireKey"/>
    public FrameOpener Open(Func<CheckpointHeader, StreamKey> keyOf)
    {
        ArgumentNullException.ThrowIfNull(keyOf);
        using StreamKey key = keyOf(Header);
        return FrameOpener.TryCreate(key, Prologue, out FrameOpener? opener)
            ? opener
            : throw new OrchestratorException(DeviceErrors.CheckpointForged, $"Checkpoint {Header.Counter} was not sealed under the keys of all parties of this job.");
    }

    private static StreamPrologue Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return StreamPrologue.Parse(bytes.Span);
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(ContractErrors.CheckpointForeign, $"What was offered as a checkpoint cannot be read: {e.Message}", inner: e);
        }
    }
}
