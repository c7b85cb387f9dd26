using Orchestrator.Data.Plans;

namespace Orchestrator.Bench.Memory;

/// <summary>
/// Seals, uploads and trains on little and on much data for one epoch, each with a fresh host and device, and keeps what memory
/// every program took. Runs once, when the first figure is asked for.
/// </summary>
internal sealed class JobPeaks
{
    public const long Small = 100_000_000;
    public const long Large = 2_000_000_000;

    private readonly Lazy<(IReadOnlyDictionary<string, long> Small, IReadOnlyDictionary<string, long> Large)> _peaks = new(() => (Measure(Small), Measure(Large)));

    private static TrainingPlan Plan { get; } = new()
    {
        Loss = Loss.CrossEntropy,
        Optimizer = new Optimizer.Sgd { LearningRate = 0.01 },
        BatchSize = 4096,
        Epochs = 1,
        Seed = 7,
        Threads = 1,
        Interleaving = new Interleaving.Shuffle(8192),
    };

    /// <summary>Peak memory of a program with much data, and with little.</summary>
    public Comparison Of(string program) => new(_peaks.Value.Large[program] / 1e6, _peaks.Value.Small[program] / 1e6, "MB");

    private static IReadOnlyDictionary<string, long> Measure(long bytes)
    {
        using var scratch = new Scratch(3 * bytes);
        var tenant = new Tenant(scratch);
        var job = new SealedJob(scratch["program.itx"], scratch["data.itx"], Plan);
        tenant.SealProgram(Built.TorchScript("wdbc_mlp"), job.Program);
        string table = NpyFile.Zeros(scratch, "data.npy", columns: 31, bytes);
        IReadOnlyDictionary<string, long> sealing = PeakWatch.During(() => Child.Run(tenant.SealCommand(table, Built.Dataset("wdbc.schema.yaml"), job.Data)));
        IReadOnlyDictionary<string, long> training = PeakWatch.During(() =>
        {
            using var rented = new RentedMachine(tenant, scratch["cluster"]);
            rented.Push(job);
            rented.Run(job);
        });
        return new Dictionary<string, long>(training) { [Built.Orchestrator] = sealing[Built.Orchestrator] };
    }
}
