using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Schemas;
using Orchestrator.Device.Firmware;
using Orchestrator.Sdk;

namespace Orchestrator.EndToEnd.Tests.Infrastructure;

/// <summary>Two clinics and a lab that train one model on the Wisconsin diagnostic breast cancer data.</summary>
internal sealed class Consortium : IAsyncDisposable
{
    /// <summary>Small, so that little data still makes many frames.</summary>
    private const int FrameSize = 2048;

    private readonly TemporaryFolder _folder;

    private Consortium(TemporaryFolder folder, Participant lab, Participant clinicA, Participant clinicB)
    {
        _folder = folder;
        Lab = lab;
        ClinicA = clinicA;
        ClinicB = clinicB;
    }

    /// <summary>Launches the jobs; owns program and test data; receives model and metrics.</summary>
    public Participant Lab { get; }

    /// <summary>Owns training data; receives the metrics.</summary>
    public Participant ClinicA { get; }

    /// <summary>Owns training data; receives nothing.</summary>
    public Participant ClinicB { get; }

    public IEnumerable<Participant> All => [Lab, ClinicA, ClinicB];

    public static DataSchema Schema { get; } = SchemaFile.Read(Repository.PathOf("training", "datasets", "wdbc.schema.yaml"));

    /// <summary>The files in plaintext, in the order of the job's data.</summary>
    public static IReadOnlyList<string> Plaintexts { get; } =
    [
        Repository.PathOf("training", "datasets", "clinic-a.csv"),
        Repository.PathOf("training", "datasets", "clinic-b.csv"),
        Repository.PathOf("training", "datasets", "holdout.csv"),
    ];

    public static string Program { get; } = Repository.PathOf("training", "programs", "wdbc_mlp.pt");

    /// <summary>Makes the three parties, and seals what each owns.</summary>
    public static async Task<Consortium> CreateAsync(TemporaryFolder folder, string vendor)
    {
        Participant[] parties = await Task.WhenAll(new[] { "lab", "clinic-a", "clinic-b" }.Select(name => Participant.CreateAsync(folder, name, vendor)));
        var consortium = new Consortium(folder, parties[0], parties[1], parties[2]);
        await consortium.Lab.Party.SealProgramAsync(Program, folder["program.itx"]);
        await consortium.SealAsync(consortium.ClinicA, Plaintexts[0], "clinic-a.itx");
        await consortium.SealAsync(consortium.ClinicB, Plaintexts[1], "clinic-b.itx");
        await consortium.SealAsync(consortium.Lab, Plaintexts[2], "holdout.itx");
        return consortium;
    }

    /// <summary>Connects everyone to a host, and uploads what each sealed.</summary>
    public async Task JoinAsync(Uri host)
    {
        foreach (Participant party in All)
        {
            await party.ConnectAsync(host);
        }

        await Lab.Host.PushAsync(_folder["program.itx"]);
        await ClinicA.Host.PushAsync(_folder["clinic-a.itx"]);
        await ClinicB.Host.PushAsync(_folder["clinic-b.itx"]);
        await Lab.Host.PushAsync(_folder["holdout.itx"]);
    }

    public Task StartAgentsAsync() => Task.WhenAll(All.Select(party => party.StartAgentAsync()));

    /// <summary>The job, for tests to vary.</summary>
    public JobFile Job(long serial) => new()
    {
        Name = "wdbc",
        Serial = serial,
        Launcher = Lab.Name,
        Parties = [.. All.Select(party => party.Party.Identity)],
        Program = new StreamSource(Lab.Name, null, _folder["program.itx"]),
        Data =
        [
            new StreamSource(ClinicA.Name, StreamRole.Train, _folder["clinic-a.itx"]),
            new StreamSource(ClinicB.Name, StreamRole.Train, _folder["clinic-b.itx"]),
            new StreamSource(Lab.Name, StreamRole.Evaluate, _folder["holdout.itx"]),
        ],
        Plan = new TrainingPlan
        {
            Loss = Loss.CrossEntropy,
            Optimizer = new Optimizer.Adam { LearningRate = 0.01 },
            Schedule = new Schedule.Constant(),
            BatchSize = 32,
            Epochs = 8,
            Seed = 7,
            Threads = 1,
            Standardize = true,
            Interleaving = new Interleaving.Shuffle(64),
        },
        Outputs =
        [
            new ManifestOutput("metrics", OutputKind.Metrics, [ClinicA.Name, Lab.Name]),
            new ManifestOutput("model", OutputKind.Model, [Lab.Name]),
        ],
        Metrics = new MetricsRelease([MetricNames.TrainLoss, MetricNames.Accuracy], 1, 6),
        Device = new DeviceRequirements([FirmwareMeter.Installed.Measure()], FirmwareMeter.SecurityVersion),
    };

    /// <summary>The lab proposes a job, and the clinics approve it.</summary>
    public async Task<Digest> AgreeOnAsync(JobFile job)
    {
        Digest name = await Lab.Host.ProposeAsync(JobCompiler.Compile(job));
        await ClinicA.ApproveAsync(name);
        await ClinicB.ApproveAsync(name);
        return name;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Participant party in All)
        {
            await party.DisposeAsync();
        }
    }

    private Task SealAsync(Participant owner, string plaintext, string sealedFile) =>
        owner.Party.SealAsync(plaintext, Schema, _folder[sealedFile], frameSize: FrameSize);
}
