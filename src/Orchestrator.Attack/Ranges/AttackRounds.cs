using Orchestrator.Attack.Groups;
using Orchestrator.Attack.Relay;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Sdk;

namespace Orchestrator.Attack.Ranges;

/// <summary>What a range consists of.</summary>
public sealed record AttackSite
{
    /// <summary>Between host and device.</summary>
    public required HostileRelay Relay { get; init; }

    /// <summary>The genuine device.</summary>
    public required Uri Device { get; init; }

    /// <summary>Starts another device, with options as <c>orchestrator device run</c> takes them.</summary>
    public required Func<IReadOnlyList<string>, CancellationToken, Task<Uri>> StartDevice { get; init; }

    /// <summary>The job that is run each time, under another name.</summary>
    public required JobFile Job { get; init; }

    /// <summary>The job for attacks on prepare stages; null: there are none.</summary>
    public JobFile? StagedJob { get; init; }

    /// <summary>What runs its groups.</summary>
    public StandInShim? Shim { get; init; }

    /// <summary>The parties' connections to the host, the launcher's first; their agents attend.</summary>
    public required IReadOnlyList<HostConnection> Parties { get; init; }

    /// <summary>By which the launcher accepts a result.</summary>
    public required PartyPolicy Policy { get; init; }

    /// <summary>Where results would go.</summary>
    public required string Results { get; init; }

    /// <summary>The host's storage and process, where the attacker has them too.</summary>
    public HostileHost? Host { get; init; }

    /// <summary>What the parties' agents report, where they are this program's.</summary>
    public AgentLog? Agents { get; init; }

    /// <summary>What must be found nowhere.</summary>
    public Secrets? Secrets { get; init; }
}

/// <summary>Runs one job an attack: proposed, approved, attested, trained, fetched, as far as it comes.</summary>
public sealed class AttackRounds(AttackSite site)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private long _serial = site.Job.Serial;

    /// <summary>Mounts one attack against a fresh job.</summary>
    public async Task<AttackOutcome> RunAsync(Attack attack, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(attack);
        long start = TimeProvider.System.GetTimestamp();
        Observation observation = await ObserveAsync(attack, cancel);
        (Verdict verdict, string told) = await JudgeAsync(attack, observation, cancel);
        return new AttackOutcome(attack.Card, verdict, told, TimeProvider.System.GetElapsedTime(start));
    }

    /// <summary>Runs a job to which nothing is done, and which must come to its result.</summary>
    /// <param name="honest">Changes nothing.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OrchestratorException"><see cref="AttackErrors.ControlFailed"/>.</exception>
    public async Task ControlAsync(Attack honest, CancellationToken cancel)
    {
        Observation observation = await ObserveAsync(honest, cancel);
        (Verdict verdict, string told) = await JudgeAsync(honest, observation, cancel);
        if (!observation.Delivered || verdict == Verdict.Leaked)
        {
            throw new OrchestratorException(AttackErrors.ControlFailed, $"An honest job did not come to its result: {told}");
        }
    }

    private async Task<Observation> ObserveAsync(Attack attack, CancellationToken cancel)
    {
        Uri device = attack.DeviceOptions is { Count: > 0 } options ? await site.StartDevice(options, cancel) : site.Device;
        site.Relay.TakeWire();
        site.Relay.Mount(attack, device);
        if (site.Shim is { } shim)
        {
            shim.Mischief = attack.Stage;
        }

        Manifest manifest = JobCompiler.Compile((attack.IsStaged ? site.StagedJob! : site.Job) with
        {
            Name = $"under attack: {attack.Card.Name}",
            Serial = ++_serial,
            Withdrawal = attack.Withdrawal,
            CheckpointEveryEpochs = Math.Max(site.Job.CheckpointEveryEpochs, attack.CheckpointEveryEpochs),
        });
        string results = Path.Combine(site.Results, $"{_serial}");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(s_patience);
        var observation = new Observation();
        try
        {
            await AgreeAsync(attack, manifest, patience.Token);
            await foreach (JobEvent happened in site.Parties[0].WatchAsync(manifest.Digest, cancel: patience.Token))
            {
                observation.Note(happened.Error);
            }

            await FetchAsync(attack, manifest.Digest, results, observation, patience.Token);
        }
        catch (OrchestratorException e)
        {
            observation.Note(e);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            observation.Note($"nothing had ended after {s_patience.TotalMinutes} minutes");
        }

        await EndAsync(manifest.Digest, observation, cancel);
        if (attack.Refusal is { } refusal)
        {
            observation.Note(refusal);
        }

        observation.Note(site.Agents?.RefusalsOf(manifest.Digest) ?? []);
        observation.Delivered |= Directory.Exists(results) && Directory.EnumerateFileSystemEntries(results).Any();
        return observation;
    }

    private async Task AgreeAsync(Attack attack, Manifest manifest, CancellationToken cancel)
    {
        Digest job = await site.Parties[0].ProposeAsync(manifest, cancel);
        if (site.Host is { } host)
        {
            try
            {
                await attack.BeforeReviewAsync(host, job);
            }
            finally
            {
                await ReachHostAsync(cancel);
            }
        }

        foreach (HostConnection party in site.Parties.Skip(1).Where(_ => attack.PartiesConsent))
        {
            await party.ApproveAsync(await party.ManifestAsync(job, cancel), cancel);
        }
    }

    // An attack may have restarted it.
    private async Task ReachHostAsync(CancellationToken cancel)
    {
        foreach (HostConnection party in site.Parties)
        {
            while (true)
            {
                try
                {
                    await party.JobsAsync(cancel);
                    break;
                }
                catch (OrchestratorException e) when (e.Code.Class == ErrorClass.Unavailable)
                {
                    await Task.Delay(s_pause, cancel);
                }
            }
        }
    }

    // What happens to a result on its way only the receiver can see.
    private async Task FetchAsync(Attack attack, Digest job, string results, Observation observation, CancellationToken cancel)
    {
        Job ended = await site.Parties[0].JobAsync(job, cancel);
        observation.Note(ended.Failure);
        if (ended.State == JobState.Completed)
        {
            if (site.Host is { } host)
            {
                await attack.BeforeResultAsync(host, job);
            }

            await site.Parties[0].ResultAsync(job, results, site.Policy, cancel: cancel);
            observation.Delivered = true;
        }
        else
        {
            observation.Delivered = ended.Outputs.Count > 0 || !ended.Receipt.IsEmpty;
        }
    }

    // A job whose parties turned away would wait for ever.
    private async Task EndAsync(Digest job, Observation observation, CancellationToken cancel)
    {
        try
        {
            await site.Parties[0].CancelAsync(job, "the attack is over", cancel);
        }
        catch (OrchestratorException)
        {
            // It has ended, or was never proposed.
        }

        DeviceStatus status = await site.Relay.Line.Mailbox.StatusAsync(new StatusRequest(), cancellationToken: cancel);
        observation.Scrubbed = status.State is DeviceState.Idle or DeviceState.Exception or DeviceState.Finished && status.Staged.Count == 0;
        observation.DeviceState = status.State;
    }

    private async Task<(Verdict Verdict, string Told)> JudgeAsync(Attack attack, Observation observation, CancellationToken cancel)
    {
        IReadOnlyList<byte[]> wire = site.Relay.TakeWire();
        if (site.Secrets is { } secrets && await Task.Run(() => secrets.FindAll(wire), cancel) is { Count: > 0 } found)
        {
            return (Verdict.Leaked, string.Join("; ", found));
        }

        string? expected = observation.Of(attack.Card.Code);
        return (attack.Happened, expected) switch
        {
            (false, _) => (Verdict.DidNotHappen, observation.ToString()),
            _ when observation.Delivered => (Verdict.Succeeded, observation.ToString()),
            _ when !observation.Scrubbed => (Verdict.NotScrubbed, $"the device is {observation.DeviceState}"),
            (_, null) => (Verdict.OtherReason, observation.ToString()),
            (_, { } told) => (Verdict.Stopped, told),
        };
    }
}
