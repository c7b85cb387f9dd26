namespace Orchestrator.Data.Plans;

/// <summary>Stop once the evaluation loss has not fallen by more than <see cref="MinDelta"/> for <see cref="Patience"/> epochs.</summary>
/// <param name="Patience">Epochs without improvement that are put up with, at least 1.</param>
/// <param name="MinDelta">Least fall of the evaluation loss that counts as an improvement, not negative.</param>
public sealed record EarlyStopping(int Patience, double MinDelta);

/// <summary>
/// Everything that decides how a program is trained, besides the program and the data. The same plan, program,
/// data and thread count give the same bits. Encoding and ranges: docs/spec/plan.md.
/// </summary>
public sealed record TrainingPlan
{
    /// <summary>What is made small.</summary>
    public required Loss Loss { get; init; }

    /// <summary>How parameters move.</summary>
    public required Optimizer Optimizer { get; init; }

    /// <summary>How the learning rate changes.</summary>
    public Schedule Schedule { get; init; } = new Schedule.Constant();

    /// <summary>Upper bound of the gradient's global L2 norm before each step; null leaves gradients alone.</summary>
    public double? GradientClipNorm { get; init; }

    /// <summary>Records in a batch; the last batch of an epoch may hold fewer.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Passes over all records.</summary>
    public required int Epochs { get; init; }

    /// <summary>Seeds the interleaving and libtorch's generator (dropout and the like); not negative.</summary>
    public required long Seed { get; init; }

    /// <summary>Threads of libtorch within one operation; part of the plan because sums depend on it.</summary>
    public required int Threads { get; init; }

    /// <summary>When to stop before all epochs are done; null never does. Needs an evaluation stream.</summary>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>
    /// Shift and scale every f32 feature to mean 0 and deviation 1, as computed over all training records of all streams.
    /// </summary>
    public bool Standardize { get; init; }

    /// <summary>In what order records are taken.</summary>
    public required Interleaving Interleaving { get; init; }
}
