using System.Globalization;

namespace Orchestrator.Bench.Training;

/// <summary>The same task in PyTorch, as its users write it: <c>train.py</c>.</summary>
internal sealed class TorchTrainer(TrainingTask task)
{
    // The kernels that the trainer fixes for itself, so that both compute with the same.
    private static readonly (string Variable, string Value)[] s_kernels =
    [
        ("OPENBLAS_CORETYPE", "Haswell"),
        ("OPENBLAS_L2_SIZE", "512"),
        ("ATEN_CPU_CAPABILITY", "avx2"),
    ];

    private readonly string _script = Path.Combine(AppContext.BaseDirectory, "Training", "train.py");

    /// <summary>Trains from the start.</summary>
    /// <returns>Seconds from the first batch to the end of the last epoch.</returns>
    public double Train()
    {
        string[] command =
        [
            Built.Python, _script, task.ProgramFile, task.DataFile,
            Number(task.Plan.Epochs), Number(task.Plan.BatchSize), Number(task.Plan.Threads), Number(task.Plan.Optimizer.LearningRate),
            .. task.Plan.Standardize ? ["--standardize"] : Array.Empty<string>(),
        ];
        return double.Parse(Child.Run(s_kernels, command).Output, CultureInfo.InvariantCulture);
    }

    private static string Number(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
