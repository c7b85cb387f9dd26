using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;

namespace Orchestrator.Contracts.Receipts;

/// <summary>How much of a stream a job consumed, over all sessions that its result goes back to.</summary>
/// <param name="Stream">Stream id.</param>
/// <param name="Frames">Distinct frames that were opened.</param>
/// <param name="Reads">Frames opened in all.</param>
public sealed record ConsumedStream(int Stream, long Frames, long Reads);

/// <summary>A session that a job went through.</summary>
/// <param name="Quote">SHA-256 of its evidence.</param>
/// <param name="Epochs">Epochs that were done when the next session took over, or at the end.</param>
public sealed record ReceiptSession(Digest Quote, int Epochs)
{
    /// <summary>A map of <c>quote</c> and <c>epochs</c>.</summary>
    public CborValue ToCbor() => CborMap.Of(("quote", Quote), ("epochs", Epochs));

    /// <summary>Reads what <see cref="ToCbor"/> writes.</summary>
    /// <exception cref="Orchestrator.Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static ReceiptSession FromCbor(CborField field) =>
        field.ReadMap(map => new ReceiptSession(map.Required("quote").AsDigest(), map.Required("epochs").AsInt32(1)));
}

/// <summary>An output and the grants of its key.</summary>
/// <param name="Name">As in the manifest.</param>
/// <param name="Kind">As in the manifest.</param>
/// <param name="Digest">Stream digest of the sealed output.</param>
/// <param name="Content">SHA-256 of the opened output.</param>
/// <param name="Keys">For each receiver, the stream key, sealed to the receiver.</param>
public sealed record ReceiptOutput(string Name, OutputKind Kind, Digest Digest, Digest Content, ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> Keys);

/// <summary>What a device states at the end of a job (docs/spec/receipt.md). Unverified, unless inside a <see cref="VerifiedReceipt"/>.</summary>
public sealed record Receipt
{
    /// <summary>Content type of the statement.</summary>
    public const string ContentType = "application/orchestrator-receipt+cbor";

    /// <summary>The longest receipt, in bytes.</summary>
    public const int MaxBytes = 16 << 20;

    /// <summary>The most sessions of one job's result.</summary>
    public const int MaxSessions = 1 << 16;

    /// <summary>The job.</summary>
    public required Manifest Manifest { get; init; }

    /// <summary>One a party, in the manifest's order.</summary>
    public required ImmutableArray<VerifiedApproval> Approvals { get; init; }

    /// <summary>What the stages made that the job read, one a stage, in the manifest's order.</summary>
    public ImmutableArray<Preparation> Preparations { get; init; } = [];

    /// <summary>SHA-256 of the session's evidence.</summary>
    public required Digest Quote { get; init; }

    /// <summary>In the manifest's order.</summary>
    public required ImmutableArray<ConsumedStream> Streams { get; init; }

    /// <summary>Epochs that were completed, over all sessions.</summary>
    public required int Epochs { get; init; }

    /// <summary>The sessions that the result goes back to, in order; the last is this one.</summary>
    public required ImmutableArray<ReceiptSession> Sessions { get; init; }

    /// <summary>The withdrawals for which training ended before its plan, with the epoch that was at hand.</summary>
    public ImmutableArray<VerifiedWithdrawal> Withdrawals { get; init; } = [];

    /// <summary>In the manifest's order.</summary>
    public required ImmutableArray<ReceiptOutput> Outputs { get; init; }

    /// <summary>Signs with the alias key of the session's evidence.</summary>
    /// <param name="aliasKey">P-384.</param>
    /// <param name="evidence">The session's evidence; its SHA-256 is <see cref="Quote"/>.</param>
    /// <returns>The file.</returns>
    public byte[] Sign(ECDsa aliasKey, ReadOnlyMemory<byte> evidence) =>
        new CborArray(evidence, CoseSign1.Sign(aliasKey, ContentType, "device"u8.ToArray(), [], ReceiptCodec.Encode(this))).Encode();
}
