using Orchestrator.Training.Batches;
using Orchestrator.Training.Programs;
using Orchestrator.Training.Run;

namespace Orchestrator.Training;

/// <summary>What training gives.</summary>
/// <param name="State">Parameters, then buffers, in the program's order.</param>
/// <param name="Standardization">To be applied to features before the program sees them; null when the plan did not ask for it.</param>
/// <param name="Epochs">What every epoch came to.</param>
/// <param name="StoppedEarly">Whether early stopping ended training before the plan's last epoch.</param>
public sealed record TrainedModel(
    IReadOnlyList<StateTensor> State, Standardization? Standardization, IReadOnlyList<EpochMetrics> Epochs, bool StoppedEarly);
