using System.Globalization;
using Orchestrator.Contracts;
using Orchestrator.Data.Plans;

namespace Orchestrator.Sdk;

/// <summary>Says in words how a job trains.</summary>
internal static class PlanReview
{
    /// <summary>The plan, a line a matter.</summary>
    public static IEnumerable<string> Describe(TrainingPlan plan)
    {
        yield return $"{Wording.Count(plan.Epochs, "epoch")} of batches of {Text(plan.BatchSize)}, seed {Text(plan.Seed)}, {Wording.Count(plan.Threads, "thread")}";
        yield return $"loss: {Loss(plan.Loss)}";
        yield return $"optimiser: {Optimizer(plan.Optimizer)}, weight decay {Text(plan.Optimizer.WeightDecay)}";
        yield return $"learning rate {Text(plan.Optimizer.LearningRate)}, {Schedule(plan.Schedule)}";
        yield return $"records taken in this order: {Interleaving(plan.Interleaving)}";
        yield return plan.Standardize ? "features standardised over all parties' training data, inside the device" : "features as they are";
        if (plan.GradientClipNorm is { } norm)
        {
            yield return $"gradients clipped to norm {Text(norm)}";
        }

        if (plan.EarlyStopping is { } stopping)
        {
            yield return $"stops after {Wording.Count(stopping.Patience, "epoch")} in which the evaluation loss has not fallen by more than {Text(stopping.MinDelta)}";
        }
    }

    private static string Loss(Loss loss) => loss switch
    {
        Data.Plans.Loss.CrossEntropy => "cross-entropy",
        Data.Plans.Loss.BinaryCrossEntropyWithLogits => "binary cross-entropy with logits",
        Data.Plans.Loss.MeanSquaredError => "mean squared error",
        _ => "negative log-likelihood",
    };

    private static string Optimizer(Optimizer optimizer) => optimizer switch
    {
        Optimizer.Sgd sgd => $"SGD, momentum {Text(sgd.Momentum)}",
        Optimizer.Adam adam => $"Adam, betas {Text(adam.Beta1)} and {Text(adam.Beta2)}, epsilon {Text(adam.Epsilon)}",
        Optimizer.AdamW adam => $"AdamW, betas {Text(adam.Beta1)} and {Text(adam.Beta2)}, epsilon {Text(adam.Epsilon)}",
        Optimizer.RmsProp rms => $"RMSprop, alpha {Text(rms.Alpha)}, momentum {Text(rms.Momentum)}, epsilon {Text(rms.Epsilon)}",
        _ => optimizer.ToString(),
    };

    private static string Schedule(Schedule schedule) => schedule switch
    {
        Schedule.Step step => $"times {Text(step.Gamma)} after every {Wording.Count(step.Epochs, "epoch")}",
        Schedule.Cosine cosine => $"falling by a cosine to {Text(cosine.Minimum)} of it",
        Schedule.WarmUp warmUp => $"rising over {Wording.Count(warmUp.Steps, "step")}, then {Schedule(warmUp.Then)}",
        _ => "constant",
    };

    private static string Interleaving(Interleaving interleaving) => interleaving switch
    {
        Data.Plans.Interleaving.RoundRobin => "one of every stream in turn",
        Data.Plans.Interleaving.Proportional => "every stream spread evenly over the epoch",
        Data.Plans.Interleaving.Shuffle shuffle => $"shuffled, in blocks of {Wording.Count(shuffle.Window, "record")}",
        _ => "one stream after the other",
    };

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
