using System.Runtime.InteropServices;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;

namespace Orchestrator.Device.Tests.Support;

/// <summary>Two clinics and a lab with a sealed program, three sealed data streams, and the manifest that joins them.</summary>
internal sealed class TestJob
{
    public const int RecordSize = 256 + 8;
    public const int RecordsPerFrame = 4;

    private readonly DataSchema _schema;

    public TestJob(
        FirmwareMeasurements firmware, Func<ManifestContent, ManifestContent>? alter = null, byte[]? program = null, int recordsOfA = 10, int features = 64, int recordsPerFrame = RecordsPerFrame)
    {
        _schema = new DataSchema { FeatureType = ElementType.F32, Shape = [features], Label = new LabelSchema.Classes(2) };
        byte[] archive = program ?? [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * 7 % 251))];
        Inputs = new SortedDictionary<int, SealedInput>
        {
            [1] = new(StreamKind.Program, "lab", archive, 1, 256),
            [2] = Data("clinic-a", recordsOfA, recordsPerFrame),
            [3] = Data("clinic-b", 7, RecordsPerFrame),
            [4] = Data("lab", 5, RecordsPerFrame),
        };
        var content = new ManifestContent
        {
            Name = "test",
            Serial = 1,
            Parties =
            [
                Party("clinic-a", PartyRoles.Data),
                Party("clinic-b", PartyRoles.Data),
                Party("lab", PartyRoles.Launcher | PartyRoles.Program | PartyRoles.Data | PartyRoles.Receiver),
            ],
            ProgramDigest = Digest.Of(archive),
            Streams = [Stream(1, "lab", null), Stream(2, "clinic-a", StreamRole.Train), Stream(3, "clinic-b", StreamRole.Train), Stream(4, "lab", StreamRole.Evaluate)],
            Outputs = [new ManifestOutput("metrics", OutputKind.Metrics, ["lab"]), new ManifestOutput("model", OutputKind.Model, ["lab"])],
            Metrics = new MetricsRelease(["accuracy", "loss"], 2, 3),
            Plan = new TrainingPlan
            {
                Loss = Loss.CrossEntropy,
                Optimizer = new Optimizer.Sgd { LearningRate = 0.1 },
                BatchSize = 4,
                Epochs = 3,
                Seed = 1,
                Threads = 1,
                Interleaving = new Interleaving.RoundRobin(),
            },
            Memory = new MemoryReservation(archive.Length, 64 << 20),
            Device = new DeviceRequirements([firmware], 1),
        };
        Manifest = Manifest.Create((alter ?? (unchanged => unchanged))(content));
    }

    public SortedDictionary<int, SealedInput> Inputs { get; }

    public Manifest Manifest { get; }

    public Dictionary<string, (PartySigningKey Signing, HpkePrivateKey Sealing)> Keys { get; } = new[] { "clinic-a", "clinic-b", "lab" }
        .ToDictionary(name => name, _ => (PartySigningKey.Generate(), HpkePrivateKey.Generate()));

    /// <summary>Each party's part of the checkpoint key.</summary>
    public Dictionary<string, byte[]> Shares { get; } = new[] { "clinic-a", "clinic-b", "lab" }.ToDictionary(name => name, _ => System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));

    public IEnumerable<ReadOnlyMemory<byte>> Approvals => Manifest.Content.Parties.Select(party => Approval.Sign(Manifest, party.Name, Keys[party.Name].Signing).Bytes);

    public IReadOnlyDictionary<int, StreamKey> StreamKeysOf(string party) =>
        Manifest.StreamsOf(party).ToDictionary(stream => stream.Id, stream => Inputs[stream.Id].Key);

    // Class 1 where the first feature is positive: something to learn.
    private SealedInput Data(string owner, int records, int recordsPerFrame)
    {
        var random = new Random(records);
        using var plaintext = new MemoryStream();
        for (int record = 0; record < records; record++)
        {
            float[] features = [.. Enumerable.Range(0, _schema.FeatureCount).Select(_ => (float)(random.NextDouble() - 0.5))];
            plaintext.Write(MemoryMarshal.AsBytes<float>(features));
            plaintext.Write(BitConverter.GetBytes(features[0] > 0 ? 1L : 0L));
        }

        return new SealedInput(StreamKind.Data, owner, plaintext.ToArray(), _schema.RecordSize, recordsPerFrame * _schema.RecordSize);
    }

    private ManifestStream Stream(int id, string owner, StreamRole? role) => new()
    {
        Id = id,
        Owner = owner,
        Role = role,
        Digest = Inputs[id].Digest,
        FrameSize = Inputs[id].Layout.Header.FrameSize,
        Frames = Inputs[id].Layout.FrameCount,
        RecordSize = Inputs[id].Layout.Header.RecordSize,
        Records = Inputs[id].Layout.RecordCount,
        Schema = role is null ? null : _schema,
    };

    private ManifestParty Party(string name, PartyRoles roles) => new(name, Keys[name].Signing.VerificationKey, Keys[name].Sealing.PublicKey, roles);
}
