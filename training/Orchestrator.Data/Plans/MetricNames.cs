namespace Orchestrator.Data.Plans;

/// <summary>Names of what training reports after an epoch; manifests say by them what may leave a device.</summary>
public static class MetricNames
{
    /// <summary>Mean loss over the epoch's training records, as they were met.</summary>
    public const string TrainLoss = "train_loss";

    /// <summary>Learning rate of the epoch's last step.</summary>
    public const string LearningRate = "learning_rate";

    /// <summary>Mean loss over the evaluation records, after the epoch.</summary>
    public const string EvaluationLoss = "evaluation_loss";

    /// <summary>Share of the evaluation records (or positions) whose class is predicted, after the epoch.</summary>
    public const string Accuracy = "accuracy";

    /// <summary>Mean distance of outputs from real targets over the evaluation records, after the epoch.</summary>
    public const string MeanAbsoluteError = "mean_absolute_error";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Accuracy, EvaluationLoss, LearningRate, MeanAbsoluteError, TrainLoss];
}
