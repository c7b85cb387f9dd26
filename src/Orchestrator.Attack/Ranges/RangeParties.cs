using System.Globalization;
using System.Security.Cryptography;
using Orchestrator.Attack.Groups;
using Orchestrator.Attestation;
using Orchestrator.Attestation.Certificates;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;
using Orchestrator.Sdk;

namespace Orchestrator.Attack.Ranges;

/// <summary>A lab with a program and two clinics with data, each with a folder and keys of its own, and their agents.</summary>
internal sealed class RangeParties : IAsyncDisposable
{
    /// <summary>The smallest that holds sixteen records, so that little data makes several frames.</summary>
    private const int FrameSize = 2048;

    private const int Records = 40;
    private const int Features = 30;
    private const int SecurityVersion = 1;

    private static readonly DataSchema s_schema = SchemaFile.Parse("""
        format: orchestrator/schema/v1
        features: { type: f32, shape: [30] }
        label: { classes: 2, type: u8, columns: [label] }
        """);

    private readonly string _folder;
    private readonly List<IAsyncDisposable> _agents = [];
    private readonly Dictionary<string, string[]> _lines = [];
    private readonly Party _lab;
    private readonly Party _clinicA;
    private readonly Party _clinicB;

    private RangeParties(string folder, Party lab, Party clinicA, Party clinicB)
    {
        _folder = folder;
        _lab = lab;
        _clinicA = clinicA;
        _clinicB = clinicB;
    }

    /// <summary>The launcher's first.</summary>
    public IReadOnlyList<HostConnection> Connections { get; private set; } = [];

    /// <summary>Owns the first data stream.</summary>
    public Party Accomplice => _clinicA;

    /// <summary>What their agents report.</summary>
    public AgentLog Log { get; } = new(parties: 3);

    public Digest StreamOfAccomplice => StreamCard.Read(In("clinic-a.itx")).Digest;

    public string OlderVersion => In("clinic-a-older.itx");

    public PartyPolicy Policy => PartyPolicy.Read(In("policy.yaml"), _lab.Name);

    public required JobFile Job { get; init; }

    /// <summary>The same, but that a group puts the clinics' raw files together first.</summary>
    public required JobFile StagedJob { get; init; }

    private IEnumerable<Party> All => [_lab, _clinicA, _clinicB];

    public static async Task<RangeParties> CreateAsync(string folder, string command, string vendor, StandInShim shim, CancellationToken cancel)
    {
        Party[] parties = await Task.WhenAll(new[] { "lab", "clinic-a", "clinic-b" }.Select(name => CreateAsync(folder, name)));
        FirmwareMeasurements firmware = await LocalCluster.MeasureAsync(command, cancel);
        JobFile job = JobOf(folder, parties, firmware);
        var made = new RangeParties(folder, parties[0], parties[1], parties[2]) { Job = job, StagedJob = Staged(job, folder, Path.Combine(vendor, "root.pem")) };
        await made.SealAsync(cancel);
        await File.WriteAllTextAsync(made.In("policy.yaml"), $"""
            format: orchestrator/release-policy/v1
            roots: ["{Path.Combine(vendor, "root.pem")}"]
            collateral: "{Path.Combine(vendor, "collateral.cose")}"
            allow: [simulated_devices]
            snp:
              roots: ["{shim.RootFile}"]
              crl: "{shim.RevocationsFile}"
              allow: [simulated, sandbox]
            """, cancel);
        return made;
    }

    /// <summary>What the containers of the stage do: one table of two.</summary>
    public static void Prepare(string inputs, string outputs) => File.WriteAllLines(
        Path.Combine(outputs, "both.csv"), Directory.GetFiles(inputs).Order(StringComparer.Ordinal).SelectMany((file, index) => File.ReadLines(file).Skip(index == 0 ? 0 : 1)));

    /// <summary>Uploads everything, and lets the agents attend.</summary>
    public async Task JoinAsync(Uri host, CancellationToken cancel)
    {
        Connections = await Task.WhenAll(All.Select(party => party.ConnectAsync(host.ToString(), cancel: cancel)));
        await Connections[0].PushAsync(In("program.itx"), cancel: cancel);
        await Connections[1].PushAsync(In("clinic-a.itx"), cancel: cancel);
        await Connections[2].PushAsync(In("clinic-b.itx"), cancel: cancel);
        await Connections[0].PushAsync(In("holdout.itx"), cancel: cancel);
        await Connections[1].PushAsync(In("clinic-a.raw.itx"), cancel: cancel);
        await Connections[2].PushAsync(In("clinic-b.raw.itx"), cancel: cancel);
        foreach ((Party party, HostConnection connection) in All.Zip(Connections))
        {
            var agent = new AttendingAgent(party, PartyPolicy.Read(In("policy.yaml"), party.Name), connection, Log);
            _agents.Add(agent);
            await agent.Attending.WaitAsync(cancel);
        }
    }

    public void AddSecretsTo(Secrets secrets)
    {
        foreach (Party party in All)
        {
            secrets.AddKeys(party, Job.Data.Append(Job.Program).Where(source => source.Owner == party.Name).Select(source => StreamCard.Read(source.Path).Digest));
        }

        foreach ((string owner, string[] lines) in _lines)
        {
            secrets.AddRecords(owner, [lines[1], lines[Records / 2], lines[^1]]);
        }

        secrets.AddFile("program", File.ReadAllBytes(In("program.pt")));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable part in _agents.Concat(Connections))
        {
            await part.DisposeAsync();
        }

        foreach (Party party in All)
        {
            party.Dispose();
        }
    }

    private static async Task<Party> CreateAsync(string folder, string name)
    {
        string keyFile = Path.Combine(folder, $"{name}.key");
        StoreSecret.CreateKeyFile(keyFile);
        using StoreSecret secret = StoreSecret.FromKeyFile(keyFile);
        return await Party.CreateAsync(Path.Combine(folder, name), name, secret);
    }

    private string In(string file) => Path.Combine(_folder, file);

    private async Task SealAsync(CancellationToken cancel)
    {
        await using (Stream program = typeof(RangeParties).Assembly.GetManifestResourceStream("program.pt")!)
        await using (FileStream file = File.Create(In("program.pt")))
        {
            await program.CopyToAsync(file, cancel);
        }

        await _lab.SealProgramAsync(In("program.pt"), In("program.itx"), cancel: cancel);
        await SealAsync(_clinicA, "clinic-a-older", cancel);
        await SealAsync(_clinicA, "clinic-a", cancel);
        await SealAsync(_clinicB, "clinic-b", cancel);
        await SealAsync(_lab, "holdout", cancel);
        await _clinicA.SealFileAsync(In("clinic-a.csv"), In("clinic-a.raw.itx"), frameSize: FrameSize, cancel: cancel);
        await _clinicB.SealFileAsync(In("clinic-b.csv"), In("clinic-b.raw.itx"), frameSize: FrameSize, cancel: cancel);
    }

    // Numbers that nobody has seen, so that finding them anywhere means something.
    private async Task SealAsync(Party owner, string name, CancellationToken cancel)
    {
        static string Cell() => (RandomNumberGenerator.GetInt32(-4_000_000, 4_000_000) / 1e6).ToString("0.000000", CultureInfo.InvariantCulture);
        string header = string.Join(',', Enumerable.Range(0, Features).Select(column => $"f{column}").Append("label"));
        string[] lines = [header, .. Enumerable.Range(0, Records).Select(record => string.Join(',', Enumerable.Range(0, Features).Select(_ => Cell()).Append($"{record % 2}")))];
        _lines[name] = lines;
        await File.WriteAllLinesAsync(In($"{name}.csv"), lines, cancel);
        await owner.SealAsync(In($"{name}.csv"), s_schema, In($"{name}.itx"), frameSize: FrameSize, cancel: cancel);
    }

    private static JobFile JobOf(string folder, Party[] parties, FirmwareMeasurements firmware) => new()
    {
        Name = "attacked",
        Launcher = "lab",
        Parties = [.. parties.Select(party => party.Identity)],
        Program = new StreamSource("lab", null, Path.Combine(folder, "program.itx")),
        Data =
        [
            new StreamSource("clinic-a", StreamRole.Train, Path.Combine(folder, "clinic-a.itx")),
            new StreamSource("clinic-b", StreamRole.Train, Path.Combine(folder, "clinic-b.itx")),
            new StreamSource("lab", StreamRole.Evaluate, Path.Combine(folder, "holdout.itx")),
        ],
        Plan = new TrainingPlan
        {
            Loss = Loss.CrossEntropy,
            Optimizer = new Optimizer.Adam { LearningRate = 0.01 },
            Schedule = new Schedule.Constant(),
            BatchSize = 16,
            Epochs = 3,
            Seed = 7,
            Threads = 1,
            Standardize = true,
            Interleaving = new Interleaving.Concatenate(),
        },
        Outputs =
        [
            new ManifestOutput("metrics", OutputKind.Metrics, ["clinic-a", "lab"]),
            new ManifestOutput("model", OutputKind.Model, ["lab"]),
        ],
        Metrics = new MetricsRelease([MetricNames.TrainLoss, MetricNames.Accuracy], 1, 6),
        Device = new DeviceRequirements([firmware], SecurityVersion),
    };

    private static JobFile Staged(JobFile job, string folder, string vendorRoot) => job with
    {
        Data = [job.Data[^1]],
        Stages =
        [
            new StageSource(
                "both",
                Digest.Of("the policy of a stand-in"u8),
                [StandInShim.Measurement],
                [.. new[] { "clinic-a", "clinic-b" }.Select(owner => (owner, new StreamSource(owner, null, Path.Combine(folder, $"{owner}.raw.itx"))))],
                [new StageResult("both.csv", StreamRole.Train, s_schema, 10 * Records, FrameSize)],
                new StageDevices([TrustAnchors.None.WithPem(File.ReadAllText(vendorRoot)).Roots[0].Der], DeviceAllowances.SimulatedDevices | DeviceAllowances.UnknownRevocation)),
        ],
    };

    private sealed class AttendingAgent : IProgress<ReleaseEvent>, IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly TaskCompletionSource _attending = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task _running;

        private readonly AgentLog _log;

        public AttendingAgent(Party party, PartyPolicy policy, HostConnection host, AgentLog log)
        {
            _log = log;
            _running = new ReleaseAgent(party, policy, this).RunAsync(host, _stop.Token);
        }

        public Task Attending => _attending.Task;

        public void Report(ReleaseEvent value)
        {
            _log.Note(value);
            if (value.Kind == ReleaseEventKind.Attending)
            {
                _attending.TrySetResult();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }
    }
}
