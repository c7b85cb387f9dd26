using System.Collections.Immutable;
using Orchestrator.Attestation.Groups;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Contracts.Receipts;

/// <summary>A receipt's payload to deterministic CBOR and back.</summary>
internal static class ReceiptCodec
{
    private const string Type = "orchestrator/receipt/v1";

    public static readonly CborLimits Limits = new() { MaxBytes = Receipt.MaxBytes, MaxItems = 1 << 20 };

    public static byte[] Encode(Receipt receipt) =>
        CborMap.Of(
            ("type", Type),
            ("quote", receipt.Quote),
            ("manifest", receipt.Manifest.Encoding),
            ("approvals", new CborArray(receipt.Approvals.Select(approval => (CborValue)approval.Bytes))),
            ("preparations", receipt.Preparations.IsEmpty ? null : new CborArray(receipt.Preparations.Select(Encode))),
            ("streams", new CborArray(receipt.Streams.Select(Encode))),
            ("epochs", receipt.Epochs),
            ("sessions", new CborArray(receipt.Sessions.Select(session => session.ToCbor()))),
            ("withdrawals", new CborArray(receipt.Withdrawals.Select(withdrawal => (CborValue)withdrawal.Bytes))),
            ("outputs", new CborArray(receipt.Outputs.Select(Encode)))).Encode();

    /// <summary>Reads the payload; the manifest in it is checked against its rules, approvals against the manifest.</summary>
    public static Receipt Decode(ReadOnlyMemory<byte> payload) =>
        CborValue.Decode(payload, Limits).As("receipt").ReadMap(map =>
        {
            map.ExpectType(Type);
            Manifest manifest = Manifest.Decode(map.Required("manifest").AsBytes(Manifest.MaxBytes));
            IEnumerable<ReadOnlyMemory<byte>> approvals = map.Required("approvals").AsArray(ManifestRules.MaxParties)
                .Select(approval => approval.AsBytes(Approval.MaxBytes));
            return new Receipt
            {
                Manifest = manifest,
                Approvals = [.. Approval.VerifyAll(approvals, manifest)],
                Preparations = map.Optional("preparations") is { } made ? [.. made.AsArray(StageRules.MaxStages).Select(item => ReadPreparation(item, manifest))] : [],
                Quote = map.Required("quote").AsDigest(),
                Streams = [.. map.Required("streams").AsArray(ManifestRules.MaxStreams).Select(ReadStream)],
                Epochs = map.Required("epochs").AsInt32(0),
                Sessions = [.. map.Required("sessions").AsArray(Receipt.MaxSessions).Select(ReceiptSession.FromCbor)],
                Withdrawals = [.. map.Required("withdrawals").AsArray(ManifestRules.MaxParties).Select(withdrawal => Withdrawal.Verify(withdrawal.AsBytes(Withdrawal.MaxBytes), manifest))],
                Outputs = [.. map.Required("outputs").AsArray(ManifestRules.MaxOutputs).Select(ReadOutput)],
            };
        });

    private static CborArray Encode(Preparation made) => new(made.Evidence.Bytes, made.Statement);

    private static Preparation ReadPreparation(CborField field, Manifest manifest) => field.AsArray(2) is [var evidence, var statement]
        ? Preparation.Verify(evidence.AsBytes(GroupEvidence.MaxBytes), statement.AsBytes(Preparation.MaxBytes), manifest)
        : throw field.OutOfRange("is not evidence and statement");

    private static CborMap Encode(ConsumedStream stream) =>
        CborMap.Of(("id", stream.Stream), ("frames", stream.Frames), ("reads", stream.Reads));

    private static ConsumedStream ReadStream(CborField field) =>
        field.ReadMap(map => new ConsumedStream(
            map.Required("id").AsInt32(1, ManifestRules.MaxStreams),
            map.Required("frames").AsInt64(0),
            map.Required("reads").AsInt64(0)));

    private static CborMap Encode(ReceiptOutput output) =>
        CborMap.Of(
            ("name", output.Name),
            ("kind", ManifestCodec.OutputKinds.Of(output.Kind)),
            ("digest", output.Digest),
            ("content", output.Content),
            ("keys", new CborMap(output.Keys.Select(key => ((CborValue)key.Key, (CborValue)key.Value)))));

    private static ReceiptOutput ReadOutput(CborField field) =>
        field.ReadMap(map => new ReceiptOutput(
            map.Required("name").AsPartyName(),
            ManifestCodec.OutputKinds.Read(map.Required("kind")),
            map.Required("digest").AsDigest(),
            map.Required("content").AsDigest(),
            ReadMap(map.Required("keys"), key => key.AsFixedBytes(StreamKey.Size + Hpke.Overhead))));

    private static ImmutableSortedDictionary<string, T> ReadMap<T>(CborField field, Func<CborField, T> read)
    {
        CborMap map = field.Value as CborMap ?? throw field.OutOfRange("is not a map");
        return map.Entries.ToImmutableSortedDictionary(
            entry => entry.Key.As($"{field.Path} key").AsPartyName(),
            entry => read(entry.Value.As(field.Path)),
            StringComparer.Ordinal);
    }
}
