using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Checkpoints;

/// <summary>
/// What a checkpoint says about itself in clear, as the schema of its stream's header (docs/spec/checkpoint.md). The
/// stream's key depends on it, so that it is authentic once that key is shown to be right.
/// </summary>
/// <param name="Manifest">The job.</param>
/// <param name="Session">The session that wrote it, 16 bytes: its key is that session's.</param>
/// <param name="Counter">The number of the checkpoint in its job, from 1.</param>
/// <param name="Epoch">Epochs that are in it, from 1.</param>
public sealed record CheckpointHeader(Digest Manifest, ReadOnlyMemory<byte> Session, int Counter, int Epoch)
{
    /// <summary>The owner in a checkpoint's stream header.</summary>
    public const string Owner = "device";

    private const string Type = "orchestrator/checkpoint/v1";

    /// <summary>The header of a fresh stream for this checkpoint. Its run is the checkpoint's number, which so stands in every IV.</summary>
    public StreamHeader ToStreamHeader() => StreamHeader.Create(StreamKind.Checkpoint, Owner) with { Schema = ToCbor().Encode(), Run = Counter };

    /// <summary>Reads a stream's header, and checks that it can be of a checkpoint of <paramref name="manifest"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="ContractErrors.CheckpointForeign"/>.</exception>
    public static CheckpointHeader Read(StreamHeader header, Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(manifest);
        Require(
            header is { Kind: StreamKind.Checkpoint, Owner: Owner, RecordSize: 1, FrameSize: StreamLimits.DefaultFrameSize },
            "is no stream of the kind that devices write");
        CheckpointHeader checkpoint = Parse(header.Schema);
        int every = manifest.Content.CheckpointEveryEpochs;
        Require(checkpoint.Manifest == manifest.Digest, $"is of job {checkpoint.Manifest}");
        Require(checkpoint.Counter == header.Run, "has two numbers");
        Require(
            every > 0 && checkpoint.Epoch == (long)checkpoint.Counter * every && checkpoint.Epoch < manifest.Content.Plan.Epochs,
            $"is number {checkpoint.Counter}, after epoch {checkpoint.Epoch}, where the job writes none");
        return checkpoint;
    }

    /// <summary>Whether both say the same.</summary>
    public bool Equals(CheckpointHeader? other) =>
        other is not null && Manifest == other.Manifest && Counter == other.Counter && Epoch == other.Epoch && Session.Span.SequenceEqual(other.Session.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Manifest, Counter, Epoch);

    private CborMap ToCbor() => CborMap.Of(("type", Type), ("manifest", Manifest), ("session", Session), ("counter", Counter), ("epoch", Epoch));

    private static CheckpointHeader Parse(ReadOnlyMemory<byte> schema)
    {
        try
        {
            return CborValue.Decode(schema).As("checkpoint").ReadMap(map =>
            {
                map.ExpectType(Type);
                return new CheckpointHeader(
                    map.Required("manifest").AsDigest(),
                    map.Required("session").AsFixedBytes(Quote.SessionSize),
                    map.Required("counter").AsInt32(1, StreamLimits.MaxRun),
                    map.Required("epoch").AsInt32(1));
            });
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(ContractErrors.CheckpointForeign, $"The checkpoint's header cannot be understood: {e.Message}", inner: e);
        }
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new OrchestratorException(ContractErrors.CheckpointForeign, $"What was offered as a checkpoint {otherwise}.");
        }
    }
}
