using Google.Protobuf;
using Orchestrator.Attack.Ranges;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using static Orchestrator.Attack.SecurityProperty;

namespace Orchestrator.Attack.Attacks;

/// <summary>Outputs and receipts altered, withheld and exchanged, after a run that was honest.</summary>
internal static class ResultAttacks
{
    private const string Model = "model";
    private const string Mismatch = "receipt-output-mismatch";
    private const string Invalid = "receipt-invalid";
    private const string OtherObject = "stream-digest-mismatch";

    public static IEnumerable<Attack> All(AttackMaterial material) =>
    [
        Output("alter-output", "flips a bit of the sealed model", Model, piece => new WriteOutput(piece) { Data = Bytes.Flip(piece.Data) }),
        Output("alter-metrics", "flips a bit of the sealed metrics", "metrics", piece => new WriteOutput(piece) { Data = Bytes.Flip(piece.Data) }),
        Output("truncate-output", "cuts a record off the sealed model", Model, piece => new WriteOutput(piece) { Data = Bytes.Cut(piece.Data, 64) }),
        .. OnStoredOutputs(material),
        .. OnReceipts(material),
        new DeliverEarlierResult(),
        new RunAfterResult(material),
    ];

    private static IEnumerable<Attack> OnStoredOutputs(AttackMaterial material) =>
    [
        new ResultAttack(Card("withhold-output", "says that it has no model", Integrity, Mismatch), (host, job) => host.ExecuteAsync(
            "DELETE FROM job_outputs WHERE job = $job AND name = 'model'", ("$job", job.ToArray()))),
        Stored("rot-output", "flips a bit of the stored model", Integrity, (_, bytes) => [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]),
        Stored("extend-output", "appends a byte to the stored model", Integrity, (_, bytes) => [.. bytes, 0], "host-download-too-large"),
        Stored("older-model", "gives an earlier job's model for this one's", Rollback, (host, _) => File.ReadAllBytes(host.PathOf(material.Earlier.Model))),
    ];

    private static IEnumerable<Attack> OnReceipts(AttackMaterial material) =>
    [
        Receipt("flip-receipt-evidence-bit", "flips a bit of the evidence in the receipt", Integrity, "attestation-signature-invalid", parts =>
            parts with { Evidence = Statement(parts.Evidence, signed => signed with { Payload = Bytes.Flip(signed.Payload, -3) }) }),
        Receipt("flip-receipt-bit", "flips a bit of the receipt's statement", Integrity, Invalid, parts =>
            parts with { Statement = Statement(parts.Statement, signed => signed with { Payload = Bytes.Flip(signed.Payload) }) }),
        Receipt("flip-receipt-signature-bit", "flips a bit of the receipt's signature", Integrity, Invalid, parts =>
            parts with { Statement = Statement(parts.Statement, signed => signed with { Signature = Bytes.Flip(signed.Signature) }) }),
        Receipt("sign-receipt-anew", "signs the receipt with a key of its own", Binding, Invalid, parts => parts with { Statement = SignedParts.Of(parts.Statement).SignedAnew() }),
        Receipt("receipt-with-other-evidence", "puts an earlier session's evidence into the receipt", Freshness, Invalid, parts => parts with { Evidence = material.Earlier.Quote!.Evidence }),
        Receipt("receipt-with-other-statement", "puts an earlier session's statement into the receipt", Freshness, Invalid, parts =>
            parts with { Statement = ReceiptParts.Of(material.Earlier.Receipt!).Statement }),
        Receipt("receipt-of-other-job", "gives an earlier job's receipt for this one's", Binding, "receipt-other-job", _ => ReceiptParts.Of(material.Earlier.Receipt!)),
        new ResultAttack(Card("truncate-receipt", "cuts the end off the receipt", Integrity, Invalid), (host, job) => host.ReplaceReceiptAsync(job, bytes => Bytes.Cut(bytes, 1))),
        new ResultAttack(Card("empty-receipt", "gives an empty receipt", Integrity, Invalid), (host, job) => host.ReplaceReceiptAsync(job, _ => ByteString.Empty)),
    ];

    private static AttackCard Card(string name, string deed, SecurityProperty tests, string code) => new(name, deed, tests, Watcher.Receiver, code);

    private static OutputAttack Output(string name, string deed, string output, Func<WriteOutput, WriteOutput> alter) => new(
        Card(name, deed, Integrity, Mismatch),
        transfer => transfer.WriteOutput is { Last: true } piece && piece.Output == output,
        transfer => [new DeviceTransfer { WriteOutput = alter(transfer.WriteOutput) }]);

    private static ResultAttack Stored(string name, string deed, SecurityProperty tests, Func<HostileHost, byte[], byte[]> alter, string code = OtherObject) =>
        new(Card(name, deed, tests, code), async (host, job) =>
        {
            string path = host.PathOf(await host.OutputAsync(job, Model));
            await File.WriteAllBytesAsync(path, alter(host, await File.ReadAllBytesAsync(path)));
        });

    private static ResultAttack Receipt(string name, string deed, SecurityProperty tests, string code, Func<ReceiptParts, ReceiptParts> alter) =>
        new(Card(name, deed, tests, code), (host, job) => host.ReplaceReceiptAsync(job, bytes => alter(ReceiptParts.Of(bytes)).Join()));

    private static ByteString Statement(ByteString message, Func<SignedParts, SignedParts> alter) => alter(SignedParts.Of(message)).Join();

    /// <summary>The two halves of a receipt.</summary>
    private sealed record ReceiptParts(ByteString Evidence, ByteString Statement)
    {
        public static ReceiptParts Of(ByteString receipt)
        {
            var parts = (CborArray)CborValue.Decode(receipt.Memory, new CborLimits { MaxBytes = receipt.Length });
            ByteString Part(int index) => ByteString.CopyFrom(((CborBytes)parts.Items[index]).Value.Span);
            return new ReceiptParts(Part(0), Part(1));
        }

        public ByteString Join() => ByteString.CopyFrom(new CborArray(Evidence.Memory, Statement.Memory).Encode());
    }
}
