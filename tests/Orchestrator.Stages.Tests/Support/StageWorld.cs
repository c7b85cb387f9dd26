using System.Collections.Immutable;
using System.Text;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.Tests.Support;
using Orchestrator.Attestation.X509;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;
using Orchestrator.Psp;

namespace Orchestrator.Stages.Tests.Support;

/// <summary>Two clinics with a file each, a lab with a program, a device, and the group of a stage that joins the files.</summary>
internal sealed class StageWorld : IDisposable
{
    public const string Stage = "join";

    public static readonly Measurement Agent = Measurement.Of("agent"u8);

    private static readonly byte[] s_nonce = [.. Enumerable.Repeat((byte)7, GroupEvidence.NonceSize)];

    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-stages-").FullName;
    private readonly Dictionary<string, (PartySigningKey Signing, HpkePrivateKey Sealing)> _parties =
        new[] { "clinic-a", "clinic-b", "lab" }.ToDictionary(name => name, _ => (PartySigningKey.Generate(), HpkePrivateKey.Generate()));

    private readonly SimulatedPsp _psp;

    public StageWorld(Processor processor, Func<ManifestContent, ManifestContent>? alter = null)
    {
        _psp = processor.Psp;
        SealInput("east", "clinic-b", "id,label\n1,0\n2,1\n3,0\n");
        SealInput("west", "clinic-a", "id,height\n3,1.5\n1,1.7\n");
        Content = (alter ?? (content => content))(Describe());
        Manifest = Manifest.Create(Content);
        GroupSigning = PartySigningKey.Generate();
        GroupSession = HpkePrivateKey.Generate();
        Evidence = Attest();
    }

    public static Digest Policy { get; } = Digest.Of("an execution policy"u8);

    public static DataSchema Schema { get; } = new()
    {
        FeatureType = ElementType.F32,
        Shape = [1],
        Columns = ["height"],
        Label = new LabelSchema.Classes(2),
        LabelColumns = ["label"],
    };

    public TestVendor Vendor { get; } = new();

    public ManifestContent Content { get; }

    public Manifest Manifest { get; }

    public PartySigningKey GroupSigning { get; }

    public HpkePrivateKey GroupSession { get; }

    public byte[] Evidence { get; }

    public Dictionary<string, (byte[] Sealed, StreamKey Key, StreamLayout Layout, Digest Digest)> Inputs { get; } = [];

    public string Folder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;

    public PartySigningKey SigningKeyOf(string party) => _parties[party].Signing;

    public static SnpPolicy Rules(string party) => new() { Party = party, AllowSimulated = true, AllowSandbox = true, AllowUnknownRevocation = true };

    public static GroupExpectations Expectations(Manifest manifest) => new(manifest.Digest, Policy, [Agent], s_nonce);

    /// <summary>Evidence of the group, with what it is launched as and says changed on the way.</summary>
    public byte[] Attest(Func<GroupBinding, GroupBinding>? bind = null, Measurement? measurement = null, ReadOnlyMemory<byte>? family = null, Digest? hostData = null, byte[]? endorsement = null)
    {
        var nonces = Manifest.Content.Parties.ToDictionary(party => party.Name, _ => (ReadOnlyMemory<byte>)s_nonce);
        GroupBinding binding = (bind ?? (plain => plain))(new GroupBinding
        {
            Policy = Policy,
            SigningKey = GroupSigning.VerificationKey,
            SessionKey = GroupSession.PublicKey,
            Manifest = Manifest.Digest,
            Nonces = [GroupEvidence.Combine(nonces)],
        });
        LaunchedGuest guest = _psp.Launch(new GuestLaunch(measurement ?? Agent, hostData ?? binding.Policy) { FamilyId = family ?? GuestLaunch.Sandbox });
        return GroupEvidence.Encode(guest.Report(binding.ReportData), guest.Chain, binding.ToCbor(), nonces, endorsement is null ? (ReadOnlyMemory<byte>?)null : endorsement);
    }

    public VerifiedGroup Verify(byte[] evidence) => VerifiedGroup.Verify(
        GroupEvidence.Parse(evidence), [SnpProduct.Under(SignedCertificate.ParsePem(_psp.Chain)[^1])], TestVendor.Now);

    public byte[] Package(string party, byte[]? evidence = null)
    {
        (GroupPermit? permit, ImmutableArray<Denial> denials) = GroupRelease.Validate(Rules(party), Verify(evidence ?? Evidence), Expectations(Manifest));
        Assert.Empty(denials);
        ManifestStage stage = Manifest.FindStage(Stage)!;
        return StagePackage.Seal(permit!, Manifest, stage, SigningKeyOf(party), stage.Inputs.Where(input => input.Owner == party).ToDictionary(input => input.Name, input => Inputs[input.Name].Key));
    }

    public StageSession Begin(byte[]? evidence = null, Digest? policy = null, string stage = Stage, Manifest? manifest = null) => StageSession.Begin(
        new StageSetting(GroupSigning, GroupSession, policy ?? Policy, Folder("inputs"), Folder("outputs"), Folder("sealed")),
        (manifest ?? Manifest).Encoding, stage, evidence ?? Evidence, new FixedTime(TestVendor.Now));

    /// <summary>A session that has every party's keys.</summary>
    public StageSession Released()
    {
        StageSession session = Begin();
        foreach (string party in _parties.Keys)
        {
            session.Release(party, Package(party));
        }

        return session;
    }

    /// <summary>A session whose containers have left a table.</summary>
    public StageSession Joined(string table = "height,label\n1.5,0\n1.7,0\n")
    {
        StageSession session = Released();
        foreach ((string name, (byte[] sealedFile, _, _, _)) in Inputs)
        {
            session.ReadInput(name, new MemoryStream(sealedFile));
        }

        File.WriteAllText(Path.Combine(Folder("outputs"), "joined.csv"), table);
        return session;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void SealInput(string name, string owner, string text)
    {
        var key = StreamKey.Generate();
        using var output = new MemoryStream();
        using var sealer = new StreamSealer(output, key, StreamHeader.Create(StreamKind.File, owner) with { FrameSize = 256 });
        sealer.Write(Encoding.UTF8.GetBytes(text));
        Digest digest = sealer.Finish();
        Inputs.Add(name, (output.ToArray(), key, StreamLayout.Of(sealer.Prologue, output.Length), digest));
    }

    private StageInput Describe(string name, string owner) =>
        new(name, owner, Inputs[name].Digest, Inputs[name].Layout.Header.FrameSize, Inputs[name].Layout.FrameCount, Inputs[name].Layout.PlaintextLength);

    private ManifestContent Describe()
    {
        int frameSize = StreamHeader.FrameSizeFor(Schema.RecordSize, 1024);
        return new ManifestContent
        {
            Name = "join",
            Serial = 1,
            Parties =
            [
                .. _parties.OrderBy(party => party.Key, StringComparer.Ordinal).Select(party => new ManifestParty(
                    party.Key,
                    party.Value.Signing.VerificationKey,
                    party.Value.Sealing.PublicKey,
                    party.Key == "lab" ? PartyRoles.Launcher | PartyRoles.Program | PartyRoles.Receiver : PartyRoles.Data)),
            ],
            ProgramDigest = Digest.Of("program"u8),
            Streams =
            [
                new ManifestStream { Id = 1, Owner = "lab", Role = null, Digest = Digest.Of([1]), FrameSize = 1024, Frames = 1, RecordSize = 1, Records = 1000 },
                new ManifestStream { Id = 2, Owner = Stage, Role = StreamRole.Train, Digest = default, FrameSize = frameSize, Frames = (5 * Schema.RecordSize / frameSize) + 1, RecordSize = Schema.RecordSize, Records = 5, Schema = Schema },
            ],
            Stages =
            [
                new ManifestStage(
                    Stage, Policy, [Agent], [Describe("east", "clinic-b"), Describe("west", "clinic-a")], [new StageOutput("joined.csv", 2)],
                    new StageDevices([Vendor.RootDer], DeviceAllowances.SimulatedDevices | DeviceAllowances.UnknownRevocation)),
            ],
            Outputs = [new ManifestOutput("model", OutputKind.Model, ["lab"])],
            Metrics = new MetricsRelease([], 1, 4),
            Plan = new TrainingPlan
            {
                Loss = Loss.CrossEntropy,
                Optimizer = new Optimizer.Adam { LearningRate = 0.001 },
                BatchSize = 2,
                Epochs = 1,
                Seed = 1,
                Threads = 1,
                Interleaving = new Interleaving.Concatenate(),
            },
            Memory = new MemoryReservation(1000, 1 << 20),
            Device = new DeviceRequirements([TestVendor.Firmware], 1),
        };
    }
}
