using Google.Protobuf;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;
using Approval = Orchestrator.Contracts.Approvals.Approval;

namespace Orchestrator.Host.Tests.Infrastructure;

/// <summary>A job of two clinics and a lab, with the sealed streams that it reads. The lab proposes.</summary>
internal sealed class TestJob : IDisposable
{
    public TestJob(TestHost host, long serial = 1, WithdrawalRule withdrawal = WithdrawalRule.Stop, IReadOnlyList<TestParty>? parties = null)
    {
        TestParty[] all = [.. parties ?? [new TestParty("clinic-a"), new TestParty("clinic-b"), new TestParty("lab")]];
        Clients = [.. all.Select(host.Connect)];
        Manifest = Manifest.Create(new ManifestContent
        {
            Name = "breast cancer",
            Serial = serial,
            Parties = [.. all.Select(Named)],
            ProgramDigest = Digest.Of("program"u8),
            Streams = [.. Samples.Select((pair, index) => Describe(index + 1, pair.Key, pair.Value))],
            Outputs = [new ManifestOutput("metrics", OutputKind.Metrics, ["lab"]), new ManifestOutput("model", OutputKind.Model, ["lab"])],
            Metrics = new MetricsRelease(["accuracy"], 1, 4),
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
            Memory = new MemoryReservation(1000, 1 << 20),
            Device = new DeviceRequirements([new FirmwareMeasurements(Measurement.Of([1]), Measurement.Of([2]), Measurement.Of([3]))], 1),
            Withdrawal = withdrawal,
        });
    }

    public static DataSchema Schema { get; } = new() { FeatureType = ElementType.F32, Shape = [3], Label = new LabelSchema.Classes(2) };

    public Manifest Manifest { get; }

    public Digest Digest => Manifest.Digest;

    public IReadOnlyList<HostClient> Clients { get; private set; }

    public HostClient Lab => Clients[2];

    /// <summary>The streams in the manifest's order, by their owner.</summary>
    public IReadOnlyList<KeyValuePair<string, SealedSample>> Samples { get; } =
    [
        new("lab", SealedSample.Create(5000, StreamKind.Program, "lab", frameSize: 1024)),
        new("clinic-a", SealedSample.Create(200 * Schema.RecordSize, StreamKind.Data, "clinic-a", Schema.RecordSize, 20 * Schema.RecordSize)),
        new("clinic-b", SealedSample.Create(101 * Schema.RecordSize, StreamKind.Data, "clinic-b", Schema.RecordSize, 20 * Schema.RecordSize)),
    ];

    public byte[] ApprovalOf(TestParty party) => Approval.Sign(Manifest, party.Name, party.SigningKey).Bytes.ToArray();

    public async Task LoginAsync()
    {
        foreach (HostClient client in Clients)
        {
            await client.RegisterAsync();
            await client.LoginAsync();
        }
    }

    /// <summary>New connections and logins, after the host was restarted.</summary>
    public async Task ReconnectAsync(TestHost host)
    {
        Dispose();
        Clients = [.. Clients.Select(client => host.Connect(client.Party))];
        await LoginAsync();
    }

    public async Task UploadAsync()
    {
        foreach ((string owner, SealedSample sample) in Samples)
        {
            Assert.True((await Clients.Single(client => client.Party.Name == owner).PutAsync(sample)).Complete);
        }
    }

    public async Task ProposeAsync() => await Lab.Jobs.ProposeAsync(
        new ProposeRequest { Manifest = ByteString.CopyFrom(Manifest.Encoding.Span), Approval = ByteString.CopyFrom(ApprovalOf(Lab.Party)) }, Lab.Headers);

    public async Task<Job> ApproveAsync(HostClient client) => await client.Jobs.ApproveAsync(
        new ApproveRequest { Job = HostClient.Bytes(Digest), Approval = ByteString.CopyFrom(ApprovalOf(client.Party)) }, client.Headers);

    /// <summary>Everything up to the queue.</summary>
    public async Task QueueAsync()
    {
        await LoginAsync();
        await UploadAsync();
        await ProposeAsync();
        await ApproveAsync(Clients[0]);
        await ApproveAsync(Clients[1]);
    }

    public async Task<Job> GetAsync(HostClient? client = null) =>
        await (client ?? Lab).Jobs.GetAsync(new GetJobRequest { Job = HostClient.Bytes(Digest) }, (client ?? Lab).Headers);

    /// <summary>The events after one, up to the first for which <paramref name="last"/> holds, or to the job's end.</summary>
    public async Task<List<JobEvent>> WatchAsync(Func<JobEvent, bool>? last = null, ulong after = 0, HostClient? client = null)
    {
        client ??= Lab;
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var call = client.Jobs.Watch(new WatchRequest { Job = HostClient.Bytes(Digest), After = after }, client.Headers);
        var events = new List<JobEvent>();
        while (await call.ResponseStream.MoveNext(timeout.Token))
        {
            events.Add(call.ResponseStream.Current);
            if (last?.Invoke(call.ResponseStream.Current) ?? false)
            {
                break;
            }
        }

        return events;
    }

    public void Dispose()
    {
        foreach (HostClient client in Clients)
        {
            client.Dispose();
        }
    }

    private static ManifestParty Named(TestParty party) => new(
        party.Name,
        party.SigningKey.VerificationKey,
        party.SealingKey.PublicKey,
        party.Name == "lab" ? PartyRoles.Launcher | PartyRoles.Program | PartyRoles.Receiver : PartyRoles.Data);

    private static ManifestStream Describe(int id, string owner, SealedSample sample) => new()
    {
        Id = id,
        Owner = owner,
        Role = sample.Layout.Header.Kind == StreamKind.Program ? null : StreamRole.Train,
        Digest = sample.Digest,
        FrameSize = sample.Layout.Header.FrameSize,
        Frames = sample.Layout.FrameCount,
        RecordSize = sample.Layout.Header.RecordSize,
        Records = sample.Layout.RecordCount,
        Schema = sample.Layout.Header.Kind == StreamKind.Program ? null : Schema,
    };
}
