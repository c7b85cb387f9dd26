using System.Collections.Immutable;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Contracts.Manifests;

/// <summary>Manifest content to deterministic CBOR and back, field by field (docs/spec/manifest.md).</summary>
internal static class ManifestCodec
{
    private const string Type = "orchestrator/manifest/v1";

    // 4096 streams, each with a schema, need more items than any other object.
    public static readonly CborLimits Limits = new() { MaxBytes = Manifest.MaxBytes, MaxItems = 1 << 20 };

    private const string ProgramRole = "program";

    private static readonly Words<StreamRole> DataRoles = new((StreamRole.Train, "train"), (StreamRole.Evaluate, "evaluate"));

    private static readonly Words<PartyRoles> Roles = new(
        (PartyRoles.Launcher, "launcher"), (PartyRoles.Program, "program"), (PartyRoles.Data, "data"), (PartyRoles.Receiver, "receiver"));

    /// <summary>Receipts use the same words.</summary>
    public static readonly Words<OutputKind> OutputKinds = new((OutputKind.Model, "model"), (OutputKind.Metrics, "metrics"));

    private static readonly Words<WithdrawalRule> Withdrawals = new((WithdrawalRule.Stop, "stop"), (WithdrawalRule.FinishEpoch, "finish_epoch"));

    public static byte[] Encode(ManifestContent manifest) => ToCbor(manifest).Encode();

    public static CborMap ToCbor(ManifestContent manifest) =>
        CborMap.Of(
            ("type", Type),
            ("name", manifest.Name),
            ("serial", manifest.Serial),
            ("parties", new CborArray(manifest.Parties.Select(Encode))),
            ("program", CborMap.Of(
                ("stream", manifest.Streams.FirstOrDefault(stream => stream.Role is null)?.Id ?? 0),
                ("digest", manifest.ProgramDigest))),
            ("streams", new CborArray(manifest.Streams.Select(Encode))),
            ("stages", manifest.Stages.IsEmpty ? null : new CborArray(manifest.Stages.Select(StageCodec.Encode))),
            ("outputs", new CborArray(manifest.Outputs.Select(Encode))),
            ("metrics", Encode(manifest.Metrics)),
            ("plan", manifest.Plan.ToCbor()),
            ("reads", ReadPlan.Of(manifest).ToCbor()),
            ("memory", MemoryPlan.Of(manifest).ToCbor()),
            ("device", Encode(manifest.Device)),
            ("checkpoints", CborMap.Of(("every_epochs", manifest.CheckpointEveryEpochs))),
            ("withdrawal", Withdrawals.Of(manifest.Withdrawal)));

    public static ManifestContent Decode(ReadOnlyMemory<byte> encoding) =>
        CborValue.Decode(encoding, Limits).As("manifest").ReadMap(map =>
        {
            map.ExpectType(Type);

            // What follows from the rest is compared as a whole, once the rest obeys the rules.
            _ = map.Required("reads");
            return new ManifestContent
            {
                Name = ReadTitle(map.Required("name")),
                Serial = map.Required("serial").AsInt64(0),
                Parties = [.. map.Required("parties").AsArray(ManifestRules.MaxParties).Select(ReadParty)],
                ProgramDigest = ReadProgram(map.Required("program")),
                Streams = [.. map.Required("streams").AsArray(ManifestRules.MaxStreams).Select(ReadStream)],
                Stages = map.Optional("stages") is { } stages ? ReadStages(stages) : [],
                Outputs = [.. map.Required("outputs").AsArray(ManifestRules.MaxOutputs).Select(ReadOutput)],
                Metrics = ReadMetrics(map.Required("metrics")),
                Plan = TrainingPlan.FromCbor(map.Required("plan")),
                Memory = ReadMemory(map.Required("memory")),
                Device = ReadDevice(map.Required("device")),
                CheckpointEveryEpochs = map.Required("checkpoints").ReadMap(checkpoints => checkpoints.Required("every_epochs").AsInt32(0)),
                Withdrawal = Withdrawals.Read(map.Required("withdrawal")),
            };
        });

    // A job without stages has no such key, so that it has one encoding.
    private static ImmutableArray<ManifestStage> ReadStages(CborField field) =>
        field.AsArray(StageRules.MaxStages) is { IsEmpty: false } stages ? [.. stages.Select(StageCodec.Read)] : throw field.OutOfRange("is empty");

    private static CborMap Encode(ManifestParty party) =>
        CborMap.Of(
            ("name", party.Name),
            ("signing_key", party.SigningKey.ToArray()),
            ("sealing_key", party.SealingKey.ToArray()),
            ("roles", new CborArray(Roles.All.Where(role => party.Roles.HasFlag(role)).Select(role => (CborValue)Roles.Of(role)))));

    private static ManifestParty ReadParty(CborField field) =>
        field.ReadMap(map => new ManifestParty(
            map.Required("name").AsPartyName(),
            ReadSigningKey(map.Required("signing_key")),
            ReadSealingKey(map.Required("sealing_key")),
            ReadRoles(map.Required("roles"))));

    private static VerificationKey ReadSigningKey(CborField field) =>
        VerificationKey.TryImport(field.AsFixedBytes(VerificationKey.Size).Span, out VerificationKey? key)
            ? key
            : throw field.OutOfRange("is no Ed25519 public key");

    private static HpkePublicKey ReadSealingKey(CborField field) =>
        HpkePublicKey.TryImport(field.AsFixedBytes(HpkePublicKey.Size).Span, out HpkePublicKey? key)
            ? key
            : throw field.OutOfRange("is no X25519 public key");

    private static PartyRoles ReadRoles(CborField field)
    {
        PartyRoles roles = PartyRoles.None;
        foreach (CborField item in field.AsArray(Roles.All.Length))
        {
            PartyRoles role = Roles.Read(item);

            // In order and without repetition, so that a set of roles has one encoding.
            roles = role > roles ? roles | role : throw item.OutOfRange("is out of order");
        }

        return roles;
    }

    private static CborMap Encode(ManifestStream stream) =>
        CborMap.Of(
            ("id", stream.Id),
            ("direction", "in"),
            ("owner", stream.Owner),
            ("role", stream.Role is { } role ? DataRoles.Of(role) : ProgramRole),
            ("digest", stream.IsPrepared ? null : stream.Digest),
            ("frame_size", stream.FrameSize),
            ("frames", stream.Frames),
            ("record_size", stream.RecordSize),
            ("records", stream.Records),
            ("schema", stream.Schema?.ToCbor()),
            ("slot", stream.Slot),
            ("iv_prefix", IvPrefix(stream.Kind, stream.Run)));

    private static ManifestStream ReadStream(CborField field) =>
        field.ReadMap(map =>
        {
            var stream = new ManifestStream
            {
                Id = map.Required("id").AsInt32(1, ManifestRules.MaxStreams),
                Owner = map.Required("owner").AsPartyName(),
                Role = ReadRole(map.Required("role")),
                Digest = map.Optional("digest") is { } digest ? ReadStreamDigest(digest) : default,
                FrameSize = map.Required("frame_size").AsInt32(StreamLimits.MinFrameSize, StreamLimits.MaxFrameSize),
                Frames = map.Required("frames").AsInt64(1, ManifestRules.MaxFrames),
                RecordSize = map.Required("record_size").AsInt32(1, StreamLimits.MaxFrameSize),
                Records = map.Required("records").AsInt64(1),
                Schema = map.Optional("schema") is { } schema ? DataSchema.FromCbor(schema) : null,
            };
            _ = (map.Required("direction"), map.Required("slot"));
            return stream with { Run = RunOf(map.Required("iv_prefix").AsFixedBytes(4).Span) };
        });

    private static Digest ReadStreamDigest(CborField field) => field.AsDigest() is var digest && digest != default ? digest : throw field.OutOfRange("is all zeros");

    private static StreamRole? ReadRole(CborField field) => field.AsText() == ProgramRole ? null : DataRoles.Read(field);

    // Kind (1) and run (3): the part of an IV that every frame of the stream shares (docs/spec/sealed-stream.md).
    private static byte[] IvPrefix(StreamKind kind, int run) => [(byte)kind, (byte)(run >> 16), (byte)((run >> 8) & 0xff), (byte)(run & 0xff)];

    private static int RunOf(ReadOnlySpan<byte> prefix) => (prefix[1] << 16) | (prefix[2] << 8) | prefix[3];

    private static Digest ReadProgram(CborField field) =>
        field.ReadMap(map =>
        {
            _ = map.Required("stream");
            return map.Required("digest").AsDigest();
        });

    private static MemoryReservation ReadMemory(CborField field)
    {
        CborMap map = field.Value as CborMap ?? throw field.OutOfRange("is not a map");
        long Bytes(string name) => map.Entries.FirstOrDefault(entry => entry.Key.Equals((CborValue)name)).Value is { } value
            ? value.As($"{field.Path}.{name}").AsInt64(0, MemoryReservation.Most)
            : throw field.OutOfRange($"lacks {name}");
        return new MemoryReservation(Bytes("parameters"), Bytes("workspace"));
    }

    private static CborMap Encode(ManifestOutput output) =>
        CborMap.Of(
            ("name", output.Name),
            ("kind", OutputKinds.Of(output.Kind)),
            ("direction", "out"),
            ("frame_size", StreamLimits.DefaultFrameSize),
            ("iv_prefix", IvPrefix(output.StreamKind, ManifestOutput.Run)),
            ("receivers", new CborArray(output.Receivers.Select(receiver => (CborValue)receiver))));

    private static ManifestOutput ReadOutput(CborField field) =>
        field.ReadMap(map =>
        {
            _ = (map.Required("direction"), map.Required("frame_size"), map.Required("iv_prefix"));
            return new ManifestOutput(
                map.Required("name").AsPartyName(),
                OutputKinds.Read(map.Required("kind")),
                [.. map.Required("receivers").AsArray(ManifestRules.MaxParties).Select(receiver => receiver.AsPartyName())]);
        });

    private static CborMap Encode(MetricsRelease metrics) =>
        CborMap.Of(
            ("names", new CborArray(metrics.Names.Select(name => (CborValue)name))),
            ("every_epochs", metrics.EveryEpochs),
            ("digits", metrics.Digits));

    private static MetricsRelease ReadMetrics(CborField field) =>
        field.ReadMap(map => new MetricsRelease(
            [.. map.Required("names").AsArray(64).Select(name => name.AsPartyName())],
            map.Required("every_epochs").AsInt32(1),
            map.Required("digits").AsInt32(1, 17)));

    private static CborMap Encode(DeviceRequirements device) =>
        CborMap.Of(
            ("firmware", new CborArray(device.Firmware.Select(firmware => firmware.ToCbor()))),
            ("minimum_security_version", device.MinimumSecurityVersion));

    private static DeviceRequirements ReadDevice(CborField field) =>
        field.ReadMap(map => new DeviceRequirements(
            [.. map.Required("firmware").AsArray(64).Select(FirmwareMeasurements.FromCbor)],
            map.Required("minimum_security_version").AsInt32(0)));

    private static string ReadTitle(CborField field)
    {
        string title = field.AsText(128);
        return title.Length > 0 && !title.Any(char.IsControl) ? title : throw field.OutOfRange("is empty or has control characters");
    }
}
