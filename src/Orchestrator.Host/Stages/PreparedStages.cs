using System.Collections.Concurrent;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Groups;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Jobs;
using Orchestrator.Host.Objects;
using Orchestrator.Host.Releases;
using Orchestrator.Host.Sessions;

namespace Orchestrator.Host.Stages;

/// <summary>
/// The stages of jobs that were run, with the groups that hold their keys: a job's next session finds them here. A group that is gone takes its
/// job's checkpoints with it.
/// </summary>
internal sealed class PreparedStages(GroupLink link, SessionLedger ledger, AgentRegistry agents, ObjectStore store, HostOptions options)
{
    private readonly ConcurrentDictionary<(Digest Job, string Stage), PreparedStage> _prepared = [];

    /// <summary>Everything that a job's stages make, in the manifest's order: made now, or found.</summary>
    /// <exception cref="JobFailedException">A party refused a group.</exception>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.ShimMissing"/>, <see cref="HostErrors.ShimAway"/>, <see cref="HostErrors.StageLost"/>, or a group's failure.</exception>
    public async Task<IReadOnlyList<PreparedStage>> PrepareAsync(Manifest manifest, int attempt, AgentRound round, bool hasCheckpoint, CancellationToken cancellationToken)
    {
        var prepared = new List<PreparedStage>();
        foreach (ManifestStage stage in manifest.Content.Stages)
        {
            if (!_prepared.TryGetValue((manifest.Digest, stage.Name), out PreparedStage? made))
            {
                made = hasCheckpoint
                    ? throw new OrchestratorException(HostErrors.StageLost, $"The group of stage {stage.Name} is gone, and with it the key of the job's checkpoints.")
                    : await RunAsync(manifest, attempt, round, stage, cancellationToken);
                _prepared[(manifest.Digest, stage.Name)] = made;
            }

            prepared.Add(made);
        }

        return prepared;
    }

    /// <summary>Whether a job needs the shim, and the shim cannot be reached.</summary>
    public async Task<bool> WaitsForShimAsync(JobRow job, CancellationToken cancellationToken) =>
        !Manifest.Decode(job.Manifest).Content.Stages.IsEmpty && await link.IsAwayAsync(cancellationToken);

    /// <summary>Asks the group of a stage for one thing.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.ShimAway"/>, or the reason: the group is gone, and the stage has to be run again; or the group's own failure.</exception>
    public async Task<T> AskAsync<T>(Digest job, PreparedStage stage, Func<Groups.GroupsClient, string, Task<T>> ask)
    {
        try
        {
            return await ask(Shim, stage.Group);
        }
        catch (OrchestratorException e) when (GroupLoss.IsSilent(e.Code) || GroupLoss.IsExplained(e.Code))
        {
            await ForgetAsync(job, stage);
            throw Gone(stage.Stage, e);
        }
    }

    /// <summary>Ends the groups of jobs that have ended, and removes what they made.</summary>
    public async Task PruneAsync(Func<Digest, bool> hasEnded)
    {
        foreach (((Digest job, _), PreparedStage stage) in _prepared.Where(entry => hasEnded(entry.Key.Job)).ToList())
        {
            await ForgetAsync(job, stage);
        }
    }

    private Groups.GroupsClient Shim => link.Client ?? throw new OrchestratorException(HostErrors.ShimMissing, HostErrors.ShimMissing.Meaning);

    private async Task<PreparedStage> RunAsync(Manifest manifest, int attempt, AgentRound round, ManifestStage stage, CancellationToken cancellationToken)
    {
        try
        {
            return await new StageRunner(manifest, attempt, Shim, ledger, agents, round, new StageIntake(store, options.MaximumObjectBytes)).RunAsync(stage, cancellationToken);
        }
        catch (OrchestratorException e) when (GroupLoss.IsSilent(e.Code) || GroupLoss.IsExplained(e.Code))
        {
            throw Gone(stage.Name, e);
        }
    }

    private async Task ForgetAsync(Digest job, PreparedStage stage)
    {
        if (_prepared.TryRemove((job, stage.Stage), out _))
        {
            await StageRunner.EndAsync(Shim, stage.Group);
            foreach (Digest made in stage.Streams.Values)
            {
                store.Remove(made);
            }
        }
    }

    private static OrchestratorException Gone(string stage, OrchestratorException e) => GroupLoss.IsExplained(e.Code)
        ? new OrchestratorException(e.Code, $"The group of stage {stage} is gone, or never was there: {e.Message}", inner: e)
        : new OrchestratorException(HostErrors.ShimAway, $"The group of stage {stage}, or the shim that runs it, went away.", inner: e);
}
