using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Contracts.Receipts;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>The session that a party released a job's keys to last, as its key store remembers it (docs/spec/key-store.md).</summary>
/// <param name="Quote">SHA-256 of the session's evidence.</param>
/// <param name="Memory">What later quotes are judged by.</param>
internal sealed record ReleasedSession(Digest Quote, EarlierSession Memory)
{
    /// <summary>Whether a result is of this session, or of one that came after it: by then a copy of this store may have released.</summary>
    public bool Gives(VerifiedReceipt receipt) => receipt.Quote.Digest == Quote || Memory.HasEndedBefore(receipt.Quote.Claims);

    /// <summary>The deterministic encoding.</summary>
    public byte[] Encode() => CborMap.Of(
        ("quote", Quote),
        ("ueid", Memory.Ueid),
        ("boot_counter", Memory.BootCounter),
        ("checkpoint", Memory.Checkpoint?.ToCbor())).Encode();

    /// <summary>Reads what <see cref="Encode"/> writes.</summary>
    /// <exception cref="OrchestratorException"><see cref="KeyStoreErrors.Damaged"/>.</exception>
    public static ReleasedSession Decode(ReadOnlyMemory<byte> encoding)
    {
        try
        {
            return CborValue.Decode(encoding).As("session").ReadMap(map => new ReleasedSession(
                map.Required("quote").AsDigest(),
                new EarlierSession(
                    map.Required("ueid").AsFixedBytes(Attestation.Quotes.Quote.UeidSize).ToArray(),
                    map.Required("boot_counter").AsInt64(1),
                    map.Optional("checkpoint") is { } checkpoint ? CheckpointClaim.FromCbor(checkpoint) : null)));
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(KeyStoreErrors.Damaged, $"The record of a session is damaged: {e.Message}", inner: e);
        }
    }
}
