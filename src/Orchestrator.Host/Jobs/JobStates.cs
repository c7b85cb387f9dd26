using JobState = Orchestrator.Contracts.Protocol.Host.JobState;

namespace Orchestrator.Host.Jobs;

/// <summary>
/// The states of a job and the steps between them:
/// <c>Proposed -> Approved -> Queued -> Attesting -> AwaitingKeys -> Running -> Completed</c>. A session that was
/// interrupted goes back to <c>Queued</c>; <c>Failed</c>, <c>Withdrawn</c> and <c>Cancelled</c> can follow every state
/// that is not an end.
/// </summary>
internal static class JobStates
{
    public static bool IsEnd(JobState state) => state is JobState.Completed or JobState.Failed or JobState.Withdrawn or JobState.Cancelled;

    /// <summary>Whether a device is at work on the job.</summary>
    public static bool IsInSession(JobState state) => state is JobState.Attesting or JobState.AwaitingKeys or JobState.Running;

    public static bool CanFollow(JobState from, JobState to) => to switch
    {
        JobState.Approved => from == JobState.Proposed,
        JobState.Queued => from == JobState.Approved || IsInSession(from),
        JobState.Attesting => from == JobState.Queued,
        JobState.AwaitingKeys => from == JobState.Attesting,
        JobState.Running => from == JobState.AwaitingKeys,
        JobState.Completed => from == JobState.Running,
        JobState.Failed or JobState.Withdrawn or JobState.Cancelled => from != JobState.Unspecified && !IsEnd(from),
        _ => false,
    };
}
