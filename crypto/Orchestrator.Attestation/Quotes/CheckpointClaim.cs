using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;

namespace Orchestrator.Attestation.Quotes;

/// <summary>The checkpoint that a session would resume from.</summary>
/// <param name="Digest">The sealed checkpoint's stream digest.</param>
/// <param name="Epoch">Epochs that are in it, from 1.</param>
/// <param name="Counter">The number of the checkpoint among all of its job, from 1: a later one has a greater number.</param>
public sealed record CheckpointClaim(Digest Digest, int Epoch, long Counter)
{
    /// <summary>A map of <c>digest</c>, <c>epoch</c> and <c>counter</c>.</summary>
    public CborValue ToCbor() => CborMap.Of(("digest", Digest), ("epoch", Epoch), ("counter", Counter));

    /// <summary>Reads what <see cref="ToCbor"/> writes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static CheckpointClaim FromCbor(CborField field) => field.ReadMap(map => new CheckpointClaim(
        map.Required("digest").AsDigest(),
        map.Required("epoch").AsInt32(min: 1),
        map.Required("counter").AsInt64(min: 1)));

    /// <summary>The claim, for people.</summary>
    public override string ToString() => $"{Digest}, number {Counter}, after epoch {Epoch}";
}
