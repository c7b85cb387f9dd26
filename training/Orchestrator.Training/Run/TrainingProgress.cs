using System.Globalization;

namespace Orchestrator.Training.Run;

/// <summary>How far training is.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Batch">Batches of this epoch that are done.</param>
/// <param name="Batches">Batches of every epoch.</param>
/// <param name="Loss">Mean loss of the last batch.</param>
/// <param name="Completed">What the epoch came to, when it has just been completed; otherwise null.</param>
public sealed record TrainingProgress(int Epoch, long Batch, long Batches, double Loss, EpochMetrics? Completed)
{
    /// <summary>Optimiser steps taken since the start.</summary>
    public long Step => (Epoch * Batches) + Batch;

    /// <summary>The batch under way, in words, counting from 1.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"epoch {Epoch + 1}, {(Batch < Batches ? $"batch {Batch + 1} of {Batches}" : "evaluation")}");
}
