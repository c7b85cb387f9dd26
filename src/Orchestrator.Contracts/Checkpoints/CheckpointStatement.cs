using System.Security.Cryptography;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Checkpoints;

/// <summary>
/// A device's word that it has written a checkpoint: by it the parties' agents know the newest, and refuse what is older.
/// Made by <see cref="Sign"/> and <see cref="Verify"/> only (docs/spec/checkpoint.md).
/// </summary>
/// <param name="Quote">SHA-256 of the evidence of the session that wrote it.</param>
/// <param name="Manifest">The job.</param>
/// <param name="Claim">Which checkpoint; its digest is the stream's.</param>
public sealed record CheckpointStatement(Digest Quote, Digest Manifest, CheckpointClaim Claim)
{
    /// <summary>Content type of the signed message.</summary>
    public const string ContentType = "application/orchestrator-checkpoint+cbor";

    /// <summary>The longest signed message, in bytes.</summary>
    public const int MaxBytes = 4096;

    private const string Type = "orchestrator/checkpoint-statement/v1";

    /// <summary>Signs with the alias key of the session's evidence.</summary>
    public byte[] Sign(ECDsa aliasKey) => CoseSign1.Sign(
        aliasKey,
        ContentType,
        "device"u8.ToArray(),
        [],
        CborMap.Of(("type", Type), ("quote", Quote), ("manifest", Manifest), ("checkpoint", Claim.ToCbor())).Encode());

    /// <summary>Verifies untrusted bytes against the session that is said to have written the checkpoint.</summary>
    /// <exception cref="OrchestratorException"><see cref="ContractErrors.CheckpointStatementInvalid"/>.</exception>
    public static CheckpointStatement Verify(ReadOnlyMemory<byte> bytes, VerifiedQuote session)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (bytes.Length > MaxBytes)
        {
            throw Invalid($"It has {bytes.Length} bytes; at most {MaxBytes} are allowed.");
        }

        CheckpointStatement statement;
        try
        {
            using ECDsa alias = session.AliasKey.Open();
            statement = CoseSign1.Parse(bytes).TryVerify(alias, ContentType, out VerifiedPayload? payload)
                ? Decode(payload.Bytes)
                : throw Invalid("It is not signed by the device of that session.");
        }
        catch (OrchestratorException e) when (e.Code != ContractErrors.CheckpointStatementInvalid)
        {
            throw new OrchestratorException(ContractErrors.CheckpointStatementInvalid, e.Message, inner: e);
        }

        return statement.Quote == session.Digest && statement.Manifest == session.Claims.Manifest
            ? statement
            : throw Invalid("It is of another session.");
    }

    private static CheckpointStatement Decode(ReadOnlyMemory<byte> payload) => CborValue.Decode(payload).As("checkpoint statement").ReadMap(map =>
    {
        map.ExpectType(Type);
        return new CheckpointStatement(
            map.Required("quote").AsDigest(),
            map.Required("manifest").AsDigest(),
            CheckpointClaim.FromCbor(map.Required("checkpoint")));
    });

    private static OrchestratorException Invalid(string message) => new(ContractErrors.CheckpointStatementInvalid, message);
}
