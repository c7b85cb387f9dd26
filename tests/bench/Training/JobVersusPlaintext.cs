namespace Orchestrator.Bench.Training;

/// <summary>What host, device and sealed data cost while a job trains.</summary>
internal sealed class JobVersusPlaintext(TrainingTask task) : IBenchmark
{
    private const int Rounds = 5;

    public string Name => $"job-plaintext-{task.Name}";

    public string Method =>
        "Training phase of a job on host and device, sealed data from the host's store, confined tiles / of the same trainer in one process on " +
        $"the plaintext; {TrainerVersusTorch.Describe(task)}. From the first batch to the last, by the trainer's own clock. Medians of {Rounds} runs in turns.";

    public Aim Aim => Aim.AtMost(1.05);

    public Comparison Measure()
    {
        using var scratch = new Scratch(0);
        var plaintext = new PlaintextTrainer(task, scratch);
        var tenant = new Tenant(scratch);
        SealedJob job = task.Seal(tenant, scratch);
        using var rented = new RentedMachine(tenant, scratch["cluster"]);
        rented.Push(job);
        (double measured, double reference) = Alternation.Medians(Rounds, () => SealedJob.TrainingSeconds(rented.Run(job)), plaintext.Train);
        return new Comparison(measured, reference, "s");
    }
}
