namespace Orchestrator.Bench.Training;

/// <summary>The training loop alone, per epoch.</summary>
internal sealed class TrainerVersusTorch(TrainingTask task) : IBenchmark
{
    private const int Rounds = 5;

    public string Name => $"trainer-torch-{task.Name}";

    public string Method =>
        $"Time of an epoch of the trainer on plaintext / of PyTorch (train.py) on the same program and data; {Describe(task)}. Medians of {Rounds} runs in turns.";

    public Aim Aim => Aim.AtMost(1);

    public Comparison Measure()
    {
        using var scratch = new Scratch(0);
        var trainer = new PlaintextTrainer(task, scratch);
        var torch = new TorchTrainer(task);
        (double measured, double reference) = Alternation.Medians(Rounds, trainer.Train, torch.Train);
        return new Comparison(Milliseconds(measured), Milliseconds(reference), "ms");
    }

    public static string Describe(TrainingTask task) =>
        $"Adam, batches of {task.Plan.BatchSize}, {task.Plan.Epochs} epochs, {task.Plan.Threads} thread";

    private double Milliseconds(double seconds) => 1000 * seconds / task.Plan.Epochs;
}
