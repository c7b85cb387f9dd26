using Orchestrator.Contracts.Protocol;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Wire = Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Host.Audit;

/// <summary>One link of the audit log (docs/spec/audit-log.md): an event, its place, and the hash of the entry before it.</summary>
internal sealed record AuditEntry(long Sequence, Digest Previous, long TimeMilliseconds, long JobSequence, AuditEvent Event)
{
    private const string Type = "orchestrator/audit/v1";

    private static readonly byte[] s_hashPrefix = [.. "orchestrator/audit/v1"u8, 0];

    public byte[] Encode() => CborMap.Of(
        ("type", Type),
        ("sequence", Sequence),
        ("previous", Previous),
        ("time", TimeMilliseconds),
        ("kind", Event.Kind),
        ("job", Event.Job is { } job ? job : null),
        ("job_sequence", Event.Job is null ? null : JobSequence),
        ("state", Event.Job is null ? null : (long)Event.State),
        ("party", NonEmpty(Event.Party)),
        ("text", NonEmpty(Event.Text)),
        ("error", Event.Error is { } error ? EncodeError(error) : null),
        ("progress", Event.Progress is { } progress ? EncodeProgress(progress) : null),
        ("overhead", Event.Overhead is { } overhead ? EncodeOverhead(overhead) : null)).Encode();

    /// <summary>SHA-256 of the format's name, a zero byte and the encoding.</summary>
    public static Digest Hash(ReadOnlySpan<byte> encoding) => Digest.Of([.. s_hashPrefix, .. encoding]);

    public static AuditEntry Decode(ReadOnlyMemory<byte> encoding) => CborValue.Decode(encoding).As("entry").ReadMap(map =>
    {
        CborField type = map.Required("type");
        if (type.AsText() != Type)
        {
            throw type.OutOfRange($"is not {Type}");
        }

        CborField? job = map.Optional("job");
        return new AuditEntry(
            map.Required("sequence").AsInt64(min: 1),
            map.Required("previous").AsDigest(),
            map.Required("time").AsInt64(),
            map.Optional("job_sequence")?.AsInt64(min: 1) ?? 0,
            new AuditEvent(map.Required("kind").AsText())
            {
                Job = job?.AsDigest(),
                State = map.Optional("state")?.AsEnum<Wire.JobState>() ?? Wire.JobState.Unspecified,
                Party = map.Optional("party")?.AsText() ?? "",
                Text = map.Optional("text")?.AsText(int.MaxValue) ?? "",
                Error = map.Optional("error") is { } error ? DecodeError(error) : null,
                Progress = map.Optional("progress") is { } progress ? DecodeProgress(progress) : null,
                Overhead = map.Optional("overhead") is { } overhead ? DecodeOverhead(overhead) : null,
            });
    });

    /// <summary>The entry as watchers of its job see it.</summary>
    public Wire.JobEvent ToJobEvent() => new()
    {
        Sequence = (ulong)JobSequence,
        TimeUnixMilliseconds = TimeMilliseconds,
        State = Event.State,
        Kind = Event.Kind,
        Party = Event.Party,
        Text = Event.Text,
        Error = Event.Error,
        Progress = Event.Progress,
        Overhead = Event.Overhead,
    };

    private static CborText? NonEmpty(string text) => text.Length == 0 ? null : new CborText(text);

    private static CborMap EncodeError(ErrorDetail error) => CborMap.Of(
        ("code", error.Code),
        ("message", error.Message),
        ("remedy", error.Remedy),
        ("denials", new CborArray(error.Denials.Select(denial => CborMap.Of(
            ("code", denial.Code),
            ("claim", denial.Claim),
            ("expected", denial.Expected),
            ("observed", denial.Observed),
            ("policy_of", denial.PolicyOf),
            ("remedy", denial.Remedy))))));

    private static ErrorDetail DecodeError(CborField field) => field.ReadMap(map =>
    {
        var error = new ErrorDetail { Code = Text(map, "code"), Message = Text(map, "message"), Remedy = Text(map, "remedy") };
        error.Denials.AddRange(map.Required("denials").AsArray().Select(denial => denial.ReadMap(entry => new Denial
        {
            Code = Text(entry, "code"),
            Claim = Text(entry, "claim"),
            Expected = Text(entry, "expected"),
            Observed = Text(entry, "observed"),
            PolicyOf = Text(entry, "policy_of"),
            Remedy = Text(entry, "remedy"),
        })));
        return error;
    });

    private static CborMap EncodeProgress(Wire.Progress progress) => CborMap.Of(
        ("epoch", progress.Epoch),
        ("epochs", progress.Epochs),
        ("frames_read", (long)progress.FramesRead),
        ("bytes_read", (long)progress.BytesRead));

    private static Wire.Progress DecodeProgress(CborField field) => field.ReadMap(map => new Wire.Progress
    {
        Epoch = (uint)map.Required("epoch").AsInt64(0, uint.MaxValue),
        Epochs = (uint)map.Required("epochs").AsInt64(0, uint.MaxValue),
        FramesRead = (ulong)map.Required("frames_read").AsInt64(min: 0),
        BytesRead = (ulong)map.Required("bytes_read").AsInt64(min: 0),
    });

    private static CborMap EncodeOverhead(Wire.Overhead overhead) => CborMap.Of(
        ("attest", (long)overhead.AttestMicroseconds),
        ("key_wait", (long)overhead.KeyWaitMicroseconds),
        ("transfer", (long)overhead.TransferMicroseconds),
        ("decrypt", (long)overhead.DecryptMicroseconds),
        ("ingest", (long)overhead.IngestMicroseconds),
        ("compute", (long)overhead.ComputeMicroseconds),
        ("egress", (long)overhead.EgressMicroseconds));

    private static Wire.Overhead DecodeOverhead(CborField field) => field.ReadMap(map => new Wire.Overhead
    {
        AttestMicroseconds = Microseconds(map, "attest"),
        KeyWaitMicroseconds = Microseconds(map, "key_wait"),
        TransferMicroseconds = Microseconds(map, "transfer"),
        DecryptMicroseconds = Microseconds(map, "decrypt"),
        IngestMicroseconds = Microseconds(map, "ingest"),
        ComputeMicroseconds = Microseconds(map, "compute"),
        EgressMicroseconds = Microseconds(map, "egress"),
    });

    private static ulong Microseconds(CborMapReader map, string key) => (ulong)map.Required(key).AsInt64(min: 0);

    private static string Text(CborMapReader map, string key) => map.Required(key).AsText(int.MaxValue);
}
