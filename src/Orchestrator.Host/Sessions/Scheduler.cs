using System.Collections.Concurrent;
using Google.Protobuf;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Audit;
using Orchestrator.Host.Devices;
using Orchestrator.Host.Jobs;
using Orchestrator.Host.Objects;
using Orchestrator.Host.Releases;
using Orchestrator.Host.Stages;

namespace Orchestrator.Host.Sessions;

/// <summary>Brings queued jobs and free devices together, the job that waits longest first, once all its parties' agents attend.</summary>
internal sealed class Scheduler(SessionLedger ledger, CheckpointLedger checkpoints, PreparedStages stages, DevicePool devices, AgentRegistry agents, ObjectStore store, ChangeSignal changes, HostOptions options, TimeProvider time, ILogger<Scheduler> log)
    : BackgroundService
{
    /// <summary>Sessions that an agent may let pass in silence, one after the other.</summary>
    private const int MaximumSilences = 5;

    /// <summary>Sessions that may crash the tiles by themselves at one epoch: what crashed there twice would the third time, too.</summary>
    private const int MaximumCrashes = 2;

    /// <summary>Sessions that may be lost to devices that go away, without the job getting on. How long one may be away is another limit.</summary>
    private const int MaximumLosses = 50;

    /// <summary>Sessions that may have their tiles killed, by an operator or for want of memory, without the job getting on.</summary>
    private const int MaximumKills = 10;

    /// <summary>Groups of a stage that may go away, one after the other.</summary>
    private const int MaximumGroups = 3;

    private const string TilesCrashed = "device-tiles-crashed";
    private const string TilesLost = "device-tiles-lost";

    private const string CommandIllegal = "device-command-illegal";

    private static readonly TimeSpan s_pollInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(5);

    // Until when jobs whose group had no room are not tried again.
    private readonly ConcurrentDictionary<Digest, DateTimeOffset> _resting = [];
    private readonly Dictionary<Digest, Obstacle> _obstacles = [];
    private readonly HashSet<Task> _sessions = [];

    /// <summary>What keeps a queued job from going on, and since when.</summary>
    private sealed record Obstacle(string Kind, ErrorCode Code, string Text, DateTimeOffset Since);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                Task changed = changes.Next;
                await TryAssignAsync(stoppingToken);
                _sessions.RemoveWhere(session => session.IsCompleted);
                await Task.WhenAny(changed, Task.Delay(s_pollInterval, time, stoppingToken));
            }
        }
        finally
        {
            await Task.WhenAll(_sessions).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A full disk must not end the host: what could not be written down is tried again.
    private async Task TryAssignAsync(CancellationToken stopping)
    {
        try
        {
            await AssignAsync(stopping);
        }
        catch (OrchestratorException failure)
        {
            Log.SchedulingFailed(log, failure);
        }
    }

    private async Task AssignAsync(CancellationToken stopping)
    {
        checkpoints.Prune();
        await stages.PruneAsync(job => JobStates.IsEnd(ledger.OutcomeOf(job).State));
        List<JobRow> queued = ledger.Queued();
        foreach (Digest gone in _obstacles.Keys.Except(queued.Select(job => job.Digest)).ToList())
        {
            _obstacles.Remove(gone);
        }

        foreach ((Digest rested, _) in _resting.Where(resting => time.GetUtcNow() >= resting.Value))
        {
            _resting.TryRemove(rested, out _);
        }

        foreach (JobRow job in queued)
        {
            IReadOnlyList<string> parties = ledger.PartiesOf(job.Digest);
            string[] away = [.. parties.Where(party => !agents.IsAttending(party))];
            if (away.Length > 0)
            {
                Wait(job.Digest, EventKinds.WaitingForAgent, HostErrors.AgentAway, $"No agent attends for {string.Join(", ", away)}.");
            }
            else if (await stages.WaitsForShimAsync(job, stopping))
            {
                Wait(job.Digest, EventKinds.WaitingForShim, HostErrors.ShimAway, "The shim cannot be reached.");
            }
            else if (!_resting.ContainsKey(job.Digest))
            {
                await TryBeginAsync(job, parties, stopping);
            }
        }
    }

    // A job that may have keys in a device waits for it: parties refuse to see it run on another, as it might run on the first still.
    private async Task TryBeginAsync(JobRow job, IReadOnlyList<string> parties, CancellationToken stopping)
    {
        string? bound = job.Device is { } had && devices.Knows(had) ? had : null;
        string waiting = bound is null ? "No device can be reached." : $"Device {bound}, which has the job's keys, cannot be reached.";
        DeviceLink? device = await devices.TakeAsync(bound, stopping);
        if (device is null && bound is not null && HasWaited(job.Digest, waiting))
        {
            device = await devices.TakeAsync(null, stopping);
        }

        if (device is not null)
        {
            Begin(job, device, parties, stopping);
        }
        else if (!devices.IsBusy(bound))
        {
            Wait(job.Digest, EventKinds.WaitingForDevice, HostErrors.DeviceAway, waiting);
        }
    }

    private bool HasWaited(Digest job, string text) =>
        _obstacles.TryGetValue(job, out Obstacle? obstacle) && obstacle.Text == text && time.GetUtcNow() - obstacle.Since >= options.WaitTimeout;

    private void Wait(Digest job, string kind, ErrorCode code, string text)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (!_obstacles.TryGetValue(job, out Obstacle? obstacle) || obstacle.Text != text)
        {
            _obstacles[job] = new Obstacle(kind, code, text, now);
            ledger.NoteWaiting(job, kind, text);
        }
        else if (now - obstacle.Since >= options.WaitTimeout)
        {
            _obstacles.Remove(job);
            ledger.FailWaiting(job, RpcErrors.ToDetail(new OrchestratorException(code, text)));
        }
    }

    private void Begin(JobRow job, DeviceLink device, IReadOnlyList<string> parties, CancellationToken stopping)
    {
        _obstacles.Remove(job.Digest);
        if (ledger.TryBegin(job.Digest, device.Name) is not { } attempt)
        {
            devices.Return(device);
            return;
        }

        Log.SessionBegun(log, job.Digest, attempt, device.Name);
        _sessions.Add(Task.Run(() => RunSessionAsync(job, attempt, device, parties, stopping), CancellationToken.None));
    }

    private async Task RunSessionAsync(JobRow job, int attempt, DeviceLink device, IReadOnlyList<string> parties, CancellationToken stopping)
    {
        try
        {
            var session = new Session(job, attempt, device, ledger, checkpoints, stages, agents, store, options, time);
            await RunToOutcomeAsync(session, job.Digest, attempt, device.Name, stopping);
        }
        catch (SessionOverException)
        {
            Log.SessionOver(log, job.Digest, attempt);
        }
        catch (OrchestratorException failure)
        {
            Log.SessionBroken(log, failure, job.Digest, attempt);
        }
        finally
        {
            devices.Return(device);
            TellParties(job.Digest, parties);
        }
    }

    private async Task RunToOutcomeAsync(Session session, Digest job, int attempt, string device, CancellationToken stopping)
    {
        try
        {
            await session.RunAsync(stopping);
            Log.SessionCompleted(log, job, attempt);
        }
        catch (OperationCanceledException)
        {
            Log.SessionOver(log, job, attempt);
        }
        catch (JobFailedException failure)
        {
            Log.SessionFailed(log, job, attempt, failure.Reason.Code);
            await WriteDownAsync(job, attempt, () => ledger.Fail(job, attempt, failure.Reason), stopping);
        }
        catch (OrchestratorException failure)
        {
            Log.SessionFailed(log, job, attempt, failure.Code.Id);
            OrchestratorException lost = Explain(failure, device);
            await WriteDownAsync(job, attempt, () => EndLost(job, attempt, session.Epoch, lost), stopping);
        }
        catch (Exception failure) when (failure is not SessionOverException)
        {
            Log.SessionBroken(log, failure, job, attempt);
            ErrorDetail reason = RpcErrors.ToDetail(new OrchestratorException(HostErrors.SessionFailed, HostErrors.SessionFailed.Meaning));
            await WriteDownAsync(job, attempt, () => ledger.Fail(job, attempt, reason), stopping);
        }
    }

    private void EndLost(Digest job, int attempt, int epoch, OrchestratorException lost)
    {
        if (lost.Code.Class == ErrorClass.Unavailable && ledger.CountLoss(job, attempt, epoch, CountedAs(lost.Code)) < LimitOf(lost.Code))
        {
            if (GroupLoss.IsWantOfRoom(lost.Code))
            {
                _resting[job] = time.GetUtcNow() + s_rest;
            }

            ledger.Requeue(job, attempt, RpcErrors.ToDetail(lost));
        }
        else
        {
            ledger.Fail(job, attempt, RpcErrors.ToDetail(lost));
        }
    }

    // A full disk must not leave a job in a session that is over: what became of it is written down once there is room.
    private async Task WriteDownAsync(Digest job, int attempt, Action write, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                write();
                return;
            }
            catch (OrchestratorException failure) when (failure.Code.Class == ErrorClass.Storage)
            {
                Log.OutcomeNotWritten(log, failure, job, attempt);
                await Task.Delay(s_pollInterval, time, stopping);
            }
        }
    }

    // However a group goes away, it is one group less.
    private static string CountedAs(ErrorCode code) => GroupLoss.IsExplained(code) && !GroupLoss.IsWantOfRoom(code) ? HostErrors.ShimAway.Id : code.Id;

    private int LimitOf(ErrorCode code) => code.Id switch
    {
        TilesCrashed => MaximumCrashes,
        TilesLost => MaximumKills,
        _ when code == HostErrors.AgentAway => MaximumSilences,
        _ when GroupLoss.IsWantOfRoom(code) => (int)(options.WaitTimeout / s_rest),
        _ when code == HostErrors.ShimAway || GroupLoss.IsExplained(code) => MaximumGroups,
        _ => MaximumLosses,
    };

    // gRPC only knows that somebody went away. A device that went away and is back knows nothing of the session, whose next command it finds out of order.
    private static OrchestratorException Explain(OrchestratorException failure, string device) => failure.Code.Id == RpcErrors.Unavailable.Id || failure.Code.Id == RpcErrors.Deadline.Id || failure.Code.Id == CommandIllegal
        ? new OrchestratorException(HostErrors.DeviceAway, $"Device {device} went away in the middle.", inner: failure)
        : failure;

    private void TellParties(Digest job, IReadOnlyList<string> parties)
    {
        (JobState state, ErrorDetail? failure) = ledger.OutcomeOf(job);
        if (!JobStates.IsEnd(state))
        {
            return;
        }

        foreach (string party in parties)
        {
            agents.Tell(party, new HostMessage { JobEnded = new JobEnded { Job = ByteString.CopyFrom(job.ToArray()), State = state, Failure = failure } });
        }
    }
}
