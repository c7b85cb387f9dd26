using System.Globalization;
using Orchestrator.Bench.Training;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Sdk;

namespace Orchestrator.Bench.Releases;

/// <summary>How the time until a device has every party's keys grows with the number of parties.</summary>
internal sealed class ReleaseToParties(int parties) : IBenchmark
{
    private const int Few = 10;
    private const int Rounds = 3;

    public string Name => $"release-{parties}";

    public string Method =>
        $"Attestation and release of keys for a party of a job of {parties}: microseconds from the host's request for nonces to the last committed key package, divided by {parties} / " +
        $"the same with {Few} parties. Each party has a connection and an agent of its own, all in one process on the host's and device's machine. Medians of {Rounds} runs in turns.";

    // Linear growth, and a tenth for what disturbs a run of seconds.
    public Aim Aim => Aim.AtMost(1.1);

    public Comparison Measure()
    {
        using var scratch = new Scratch(64 << 20);
        var tenant = new Tenant(scratch);
        TrainingTask task = TrainingTask.WdbcMlp;
        SealedJob job = (task with { Plan = task.Plan with { Epochs = 1 } }).Seal(tenant, scratch);
        using var rented = new RentedMachine(tenant, scratch["cluster"]);
        rented.Push(job);
        for (int i = 1; i < parties; i++)
        {
            rented.Attend(Make(scratch, string.Create(CultureInfo.InvariantCulture, $"party-{i}")));
        }

        (double measured, double reference) = Alternation.Medians(Rounds, () => TimeOf(rented.Run(job, parties)) / parties, () => TimeOf(rented.Run(job, Few)) / Few);
        return new Comparison(measured, reference, "ms");
    }

    private static double TimeOf(JobEvent completed) => (completed.Overhead.AttestMicroseconds + completed.Overhead.KeyWaitMicroseconds) / 1e3;

    private static Party Make(Scratch scratch, string name)
    {
        string keyFile = scratch[$"{name}.key"];
        StoreSecret.CreateKeyFile(keyFile);
        using StoreSecret secret = StoreSecret.FromKeyFile(keyFile);
        return Party.CreateAsync(scratch[name], name, secret).GetAwaiter().GetResult();
    }
}
