using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Protocol.Groups;
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

/// <summary>
/// One attempt at one job on one device: reset, nonces, load, quote, key packages, commit, run. The host relays; every
/// check that matters is the device's and the parties'.
/// </summary>
internal sealed class Session(JobRow job, int attempt, DeviceLink device, SessionLedger ledger, CheckpointLedger checkpoints, PreparedStages stages, AgentRegistry agents, ObjectStore store, HostOptions options, TimeProvider time)
{
    /// <summary>The number by which a device asks for its checkpoint; the manifest's streams count from 1.</summary>
    private const uint CheckpointStream = 0;

    private static readonly TimeSpan s_commandTimeout = TimeSpan.FromMinutes(1);

    private readonly Manifest _manifest = Manifest.Decode(job.Manifest);
    private readonly ByteString _name = ByteString.CopyFrom(job.Digest.ToArray());
    private readonly AgentRound _round = new(job.Digest, attempt, ledger.PartiesOf(job.Digest), ledger, options, time);
    private readonly EpochWatch _epochs = new(time);
    private long _began;
    private long _quoted;
    private long _committed;
    private readonly StoredCheckpoint? _resumed = checkpoints.Newest(job.Digest);

    /// <summary>Epochs that are done, those of earlier sessions included.</summary>
    public int Epoch => Math.Max((int)_epochs.Epoch, _resumed?.Epoch ?? 0);

    /// <summary>Takes the job as far as it goes: to its result, to its failure, or back into the queue.</summary>
    /// <param name="stopping">The host stops: the job is left as it is, and recovered at the next start.</param>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task watching = EndWithJobAsync(over);
        try
        {
            IReadOnlyList<PreparedStage> prepared = await stages.PrepareAsync(_manifest, attempt, _round, _resumed is not null, over.Token);
            await ReleaseAsync(await AttestAsync(prepared, over.Token), prepared, over.Token);
            await TrainAsync(prepared, over.Token);
        }
        finally
        {
            await over.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ResetAsync();
        }
    }

    private async Task<AgentAnswer[]> AttestAsync(IReadOnlyList<PreparedStage> prepared, CancellationToken cancellationToken)
    {
        _began = time.GetTimestamp();
        await device.Mailbox.ResetAsync(new ResetRequest(), Command(cancellationToken));
        await device.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest(), Command(cancellationToken));

        AgentAnswer[] answers = await _round.AskAllAsync((party, _, cancel) => agents.AskForNonceAsync(party, new Contracts.Protocol.Host.NonceRequest { Job = _name, Attempt = (uint)attempt }, cancel), cancellationToken);
        var load = new LoadRequest { Manifest = ByteString.CopyFrom(job.Manifest) };
        load.Approvals.AddRange(ledger.Approvals(job).Select(ByteString.CopyFrom));
        load.Nonces.AddRange(_round.Parties.Zip(answers, (party, answer) => new PartyNonce { Party = party, Nonce = answer.Message.Nonce.Nonce_ }));
        foreach (PreparedStage stage in prepared)
        {
            NonceReply nonce = await stages.AskAsync(job.Digest, stage, async (shim, group) => await shim.NonceAsync(new Contracts.Protocol.Groups.NonceRequest { Group = group }, Command(cancellationToken)));
            load.Nonces.Add(new PartyNonce { Party = stage.Stage, Nonce = nonce.Nonce });
            load.Preparations.Add(stage.Preparation);
        }

        load.Checkpoint = Offer();
        await device.Mailbox.LoadAsync(load, Command(cancellationToken));
        return answers;
    }

    private CheckpointOffer? Offer()
    {
        if (_resumed is null)
        {
            return null;
        }

        using StoredObject stored = store.Open(_resumed.Digest);
        return new CheckpointOffer
        {
            Digest = ByteString.CopyFrom(_resumed.Digest.ToArray()),
            Prologue = ByteString.CopyFrom(stored.Layout.Prologue.Bytes.Span),
            Frames = (ulong)stored.Layout.FrameCount,
        };
    }

    private async Task ReleaseAsync(AgentAnswer[] nonces, IReadOnlyList<PreparedStage> prepared, CancellationToken cancellationToken)
    {
        QuoteReply quote = await device.Mailbox.QuoteAsync(new QuoteRequest(), Command(cancellationToken));
        _quoted = time.GetTimestamp();
        ledger.QuoteRelayed(job.Digest, attempt, quote.Evidence.ToByteArray(), device.Name);

        var offer = new QuoteOffer { Job = _name, Attempt = (uint)attempt, Evidence = quote.Evidence };
        offer.Preparations.AddRange(prepared.Select(stage => stage.Preparation));
        using var mailbox = new SemaphoreSlim(1);
        await _round.AskAllAsync(
            async (party, index, cancel) =>
            {
                AgentAnswer answer = await agents.OfferQuoteAsync(party, offer, nonces[index], cancel);
                if (answer.Message.KeyPackage is { } package)
                {
                    await mailbox.WaitAsync(cancel);
                    try
                    {
                        await device.Mailbox.StageAsync(new StageRequest { Party = party, SealedPackage = package.SealedPackage }, Command(cancel));
                    }
                    finally
                    {
                        mailbox.Release();
                    }

                    ledger.Note(job.Digest, attempt, new AuditEvent(EventKinds.KeyPackageRelayed) { Party = party, Text = $"{party} released its keys to the device." });
                }

                return answer;
            },
            cancellationToken);
        foreach (PreparedStage stage in prepared)
        {
            await ReleaseAsync(stage, quote, cancellationToken);
        }

        await device.Mailbox.CommitAsync(new CommitRequest(), Command(cancellationToken));
        _committed = time.GetTimestamp();
    }

    // The group of a stage owns what it made, and judges the device like a party.
    private async Task ReleaseAsync(PreparedStage stage, QuoteReply quote, CancellationToken cancellationToken)
    {
        OfferReply answer = await stages.AskAsync(job.Digest, stage, async (shim, group) => await shim.OfferAsync(new OfferRequest { Group = group, Evidence = quote.Evidence }, Command(cancellationToken)));
        if (answer.Denials.Count > 0)
        {
            _round.Refuse([(stage.Stage, new Refusal { Denials = { answer.Denials } })]);
        }

        await device.Mailbox.StageAsync(new StageRequest { Party = stage.Stage, SealedPackage = answer.SealedPackage }, Command(cancellationToken));
        ledger.Note(job.Digest, attempt, new AuditEvent(EventKinds.KeyPackageRelayed) { Text = $"The group of stage {stage.Stage} released the keys of what it made to the device." });
    }

    private async Task TrainAsync(IReadOnlyList<PreparedStage> prepared, CancellationToken cancellationToken)
    {
        ledger.Move(job.Digest, attempt, JobState.Running, new AuditEvent(EventKinds.Running) { Text = RunningText() });
        using var outputs = new OutputSet(store, _manifest.Content.Outputs.Select(output => output.Name).ToHashSet(), options.MaximumObjectBytes);
        using var written = new CheckpointIntake(store, options.MaximumObjectBytes, OnCheckpoint);
        var inputs = new Dictionary<uint, StoredObject>();
        try
        {
            foreach (ManifestStream stream in _manifest.Content.Streams)
            {
                inputs.Add((uint)stream.Id, store.Open(stream.IsPrepared ? prepared.First(stage => stage.Stage == stream.Owner).Streams[stream.Id] : stream.Digest));
            }

            if (_resumed is not null)
            {
                inputs.Add(CheckpointStream, store.Open(_resumed.Digest));
            }

            var pump = new DmaPump(inputs, outputs, written, OnProgress, options.FramesByGrpc ? string.Empty : device.Door);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task relaying = RelayWithdrawalsAsync(pump, ended.Token);
            Finished finished = await pump.RunAsync(device.Dma, cancellationToken);
            await ended.CancelAsync();
            await relaying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            NoteProgress(_epochs.Rest());
            ledger.Complete(job.Digest, attempt, finished, Overhead.Of(time.GetElapsedTime(_began, _quoted), time.GetElapsedTime(_quoted, _committed), finished), outputs.Keep());
        }
        finally
        {
            foreach (StoredObject input in inputs.Values)
            {
                input.Dispose();
            }
        }
    }

    private string RunningText() => _resumed is null
        ? "Every party released its keys; the device trains."
        : $"Every party released its keys; the device goes on after epoch {_resumed.Epoch}, from checkpoint {_resumed.Counter}.";

    private void OnCheckpoint(StoredCheckpoint checkpoint, long size, byte[] statement)
    {
        ledger.CheckpointStored(job.Digest, attempt, checkpoint, size, statement);
        foreach (string party in _manifest.Content.Parties.Select(party => party.Name))
        {
            foreach (CheckpointWritten unseen in checkpoints.UnseenBy(party).Where(unseen => unseen.Job == _name))
            {
                agents.Tell(party, new HostMessage { CheckpointWritten = unseen });
            }
        }
    }

    private void OnProgress(RunProgress progress)
    {
        if (_epochs.Take(progress) is { } due)
        {
            NoteProgress(due);
        }
    }

    private void NoteProgress(RunProgress? progress)
    {
        if (progress is not null)
        {
            ledger.TryNote(job.Digest, attempt, new AuditEvent(EventKinds.Progress)
            {
                Progress = new Progress { Epoch = progress.Epoch, Epochs = progress.Epochs, FramesRead = progress.FramesRead, BytesRead = progress.BytesRead },
            });
        }
    }

    // Where the manifest has the epoch finished, the device gets every withdrawal, and ends the training by itself.
    private async Task RelayWithdrawalsAsync(DmaPump pump, CancellationToken cancellationToken)
    {
        var relayed = new HashSet<string>();
        while (true)
        {
            (string party, byte[] withdrawal) = await ledger.WithdrawalAsync(job.Digest, relayed, cancellationToken);
            await pump.FinishEpochAsync(withdrawal, cancellationToken);
            relayed.Add(party);
        }
    }

    // Withdrawn where that ends the job at once, or cancelled: the run stops now.
    private async Task EndWithJobAsync(CancellationTokenSource over)
    {
        await ledger.WhenNotCurrentAsync(job.Digest, attempt, over.Token);
        await over.CancelAsync();
    }

    private CallOptions Command(CancellationToken cancellationToken) => new(deadline: device.Deadline(s_commandTimeout), cancellationToken: cancellationToken);

    // The device scrubs itself when it leaves a session. If it is away, the next session's reset does it.
    private async Task ResetAsync()
    {
        try
        {
            await device.Mailbox.ResetAsync(new ResetRequest(), new CallOptions(deadline: device.Deadline(TimeSpan.FromSeconds(5))));
        }
        catch (OrchestratorException)
        {
            // Why the session ended is what counts; the next one begins with a reset of its own.
        }
    }
}
