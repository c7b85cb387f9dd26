namespace Orchestrator.Data.Plans;

/// <summary>What the optimiser makes small, as a mean over the batch (and over positions, where a label has many).</summary>
public enum Loss
{
    /// <summary>Softmax cross-entropy of logits [N, C] (or [N, T, C]) against class indices [N] (or [N, T]).</summary>
    CrossEntropy,

    /// <summary>Sigmoid cross-entropy of logits [N] or [N, 1] against labels 0 or 1.</summary>
    BinaryCrossEntropyWithLogits,

    /// <summary>Mean of squared differences, outputs and labels of one shape.</summary>
    MeanSquaredError,

    /// <summary>As <see cref="CrossEntropy"/>, for programs that already end in a log-softmax.</summary>
    NegativeLogLikelihood,
}
