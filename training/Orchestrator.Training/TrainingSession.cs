using Orchestrator.Training.State;

namespace Orchestrator.Training;

/// <summary>One of the runs that a job's training may take: where it begins, what it hands out on its way, and when it ends.</summary>
public sealed record TrainingSession
{
    /// <summary>The state that an earlier session handed out; null begins at the beginning.</summary>
    public TrainingState? From { get; init; }

    /// <summary>Epochs from one checkpoint to the next, counted from the job's start; 0 makes none.</summary>
    public int CheckpointEveryEpochs { get; init; }

    /// <summary>
    /// Takes the state after every epoch that <see cref="CheckpointEveryEpochs"/> divides, but the plan's last. Called on the training thread,
    /// after the epoch's progress; the training waits for it.
    /// </summary>
    public Action<TrainingState> Checkpoint { get; init; } = _ => { };

    /// <summary>Once cancelled, training ends with the epoch at hand, as if the plan had no more.</summary>
    public CancellationToken Finish { get; init; }

    internal bool IsCheckpoint(int epochs) => CheckpointEveryEpochs > 0 && epochs % CheckpointEveryEpochs == 0;
}
