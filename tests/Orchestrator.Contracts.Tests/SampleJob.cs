using System.Collections.Immutable;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Contracts.Tests;

/// <summary>Two clinics, a lab, and the keys of each.</summary>
internal sealed class SampleJob
{
    private readonly Dictionary<string, (PartySigningKey Signing, HpkePrivateKey Sealing)> _keys = new(StringComparer.Ordinal)
    {
        ["clinic-a"] = (PartySigningKey.Generate(), HpkePrivateKey.Generate()),
        ["clinic-b"] = (PartySigningKey.Generate(), HpkePrivateKey.Generate()),
        ["lab"] = (PartySigningKey.Generate(), HpkePrivateKey.Generate()),
    };

    public SampleJob(FirmwareMeasurements? firmware = null)
    {
        var schema = new DataSchema
        {
            FeatureType = ElementType.F32,
            Shape = [30],
            Label = new LabelSchema.Classes(2),
        };
        Content = new ManifestContent
        {
            Name = "sample",
            Serial = 7,
            Parties =
            [
                Party("clinic-a", PartyRoles.Data),
                Party("clinic-b", PartyRoles.Data),
                Party("lab", PartyRoles.Launcher | PartyRoles.Program | PartyRoles.Data | PartyRoles.Receiver),
            ],
            ProgramDigest = Digest.Of("program"u8),
            Streams =
            [
                Stream(1, "lab", null, null, 9000),
                Stream(2, "clinic-a", StreamRole.Train, schema, 200),
                Stream(3, "clinic-b", StreamRole.Train, schema, 250),
                Stream(4, "lab", StreamRole.Evaluate, schema, 119),
            ],
            Outputs = [new ManifestOutput("metrics", OutputKind.Metrics, ["lab"]), new ManifestOutput("model", OutputKind.Model, ["lab"])],
            Metrics = new MetricsRelease(["accuracy", "loss"], 1, 4),
            Plan = new TrainingPlan
            {
                Loss = Loss.CrossEntropy,
                Optimizer = new Optimizer.Adam { LearningRate = 0.001 },
                BatchSize = 32,
                Epochs = 5,
                Seed = 1,
                Threads = 1,
                Interleaving = new Interleaving.RoundRobin(),
            },
            Memory = new MemoryReservation(8000, 1 << 20),
            Device = new DeviceRequirements([firmware ?? new(Measurement.Of([1]), Measurement.Of([2]), Measurement.Of([3]))], 1),
        };
    }

    public ManifestContent Content { get; }

    public Manifest Manifest => Manifest.Create(Content);

    public PartySigningKey SigningKeyOf(string party) => _keys[party].Signing;

    public HpkePrivateKey SealingKeyOf(string party) => _keys[party].Sealing;

    public static ManifestStream Stream(int id, string owner, StreamRole? role, DataSchema? schema, long records)
    {
        int recordSize = schema?.RecordSize ?? 1;
        int frameSize = 10 * Math.Max(recordSize, 256);
        return new ManifestStream
        {
            Id = id,
            Owner = owner,
            Role = role,
            Digest = Digest.Of([(byte)id]),
            FrameSize = frameSize,
            Frames = (records * recordSize / frameSize) + 1,
            RecordSize = recordSize,
            Records = records,
            Schema = schema,
        };
    }

    private ManifestParty Party(string name, PartyRoles roles) =>
        new(name, _keys[name].Signing.VerificationKey, _keys[name].Sealing.PublicKey, roles);
}
