using Orchestrator.Data.Plans;

namespace Orchestrator.Training.Run;

/// <summary>How well the model does on the evaluation streams.</summary>
/// <param name="Loss">The plan's loss, mean over all records.</param>
/// <param name="Accuracy">Share of right predictions; null for real targets.</param>
/// <param name="MeanAbsoluteError">Mean distance of outputs from targets; null for classes.</param>
public sealed record EvaluationMetrics(double Loss, double? Accuracy, double? MeanAbsoluteError);

/// <summary>What one epoch came to.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="LearningRate">Rate of its last step.</param>
/// <param name="TrainingLoss">The plan's loss as training met it, mean over all records of the epoch.</param>
/// <param name="Evaluation">After the epoch; null without evaluation streams.</param>
public sealed record EpochMetrics(int Epoch, double LearningRate, double TrainingLoss, EvaluationMetrics? Evaluation)
{
    /// <summary>The metrics that there are, under the names that manifests use.</summary>
    public IReadOnlyDictionary<string, double> ByName
    {
        get
        {
            var values = new SortedDictionary<string, double>(StringComparer.Ordinal)
            {
                [MetricNames.LearningRate] = LearningRate,
                [MetricNames.TrainLoss] = TrainingLoss,
            };
            Add(MetricNames.EvaluationLoss, Evaluation?.Loss);
            Add(MetricNames.Accuracy, Evaluation?.Accuracy);
            Add(MetricNames.MeanAbsoluteError, Evaluation?.MeanAbsoluteError);
            return values;

            void Add(string name, double? value)
            {
                if (value is { } present)
                {
                    values.Add(name, present);
                }
            }
        }
    }
}
