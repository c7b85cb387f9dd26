using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Audit;
using Orchestrator.Host.Devices;
using Orchestrator.Host.Jobs;
using Orchestrator.Host.Objects;
using Orchestrator.Host.Releases;

namespace Orchestrator.Host.Sessions;

/// <summary>
/// One attempt at one job on one device: reset, nonces, load, quote, key packages, commit, run. The host relays; every
/// check that matters is the device's and the parties'.
/// </summary>
internal sealed class Session(JobRow job, int attempt, DeviceLink device, SessionLedger ledger, CheckpointLedger checkpoints, AgentRegistry agents, ObjectStore store, HostOptions options, TimeProvider time)
{
    /// <summary>The number by which a device asks for its checkpoint; the manifest's streams count from 1.</summary>
    private const uint CheckpointStream = 0;

    private static readonly TimeSpan s_commandTimeout = TimeSpan.FromMinutes(1);

    private readonly Manifest _manifest = Manifest.Decode(job.Manifest);
    private readonly ByteString _name = ByteString.CopyFrom(job.Digest.ToArray());
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
            await ReleaseAsync(await AttestAsync(over.Token), over.Token);
            await TrainAsync(over.Token);
        }
        finally
        {
            await over.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ResetAsync();
        }
    }

    private async Task<AgentAnswer[]> AttestAsync(CancellationToken cancellationToken)
    {
        _began = time.GetTimestamp();
        await device.Mailbox.ResetAsync(new ResetRequest(), Command(cancellationToken));
        await device.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest(), Command(cancellationToken));

        AgentAnswer[] answers = await AskAllAsync((party, _, cancel) => agents.AskForNonceAsync(party, new NonceRequest { Job = _name, Attempt = (uint)attempt }, cancel), cancellationToken);
        var load = new LoadRequest { Manifest = ByteString.CopyFrom(job.Manifest) };
        load.Approvals.AddRange(ledger.Approvals(job).Select(ByteString.CopyFrom));
        load.Nonces.AddRange(_manifest.Content.Parties.Zip(answers, (party, answer) => new PartyNonce { Party = party.Name, Nonce = answer.Message.Nonce.Nonce_ }));
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

    private async Task ReleaseAsync(AgentAnswer[] nonces, CancellationToken cancellationToken)
    {
        QuoteReply quote = await device.Mailbox.QuoteAsync(new QuoteRequest(), Command(cancellationToken));
        _quoted = time.GetTimestamp();
        ledger.QuoteRelayed(job.Digest, attempt, quote.Evidence.ToByteArray(), device.Name);

        using var mailbox = new SemaphoreSlim(1);
        await AskAllAsync(
            async (party, index, cancel) =>
            {
                AgentAnswer answer = await agents.OfferQuoteAsync(party, new QuoteOffer { Job = _name, Attempt = (uint)attempt, Evidence = quote.Evidence }, nonces[index], cancel);
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
        await device.Mailbox.CommitAsync(new CommitRequest(), Command(cancellationToken));
        _committed = time.GetTimestamp();
    }

    private async Task TrainAsync(CancellationToken cancellationToken)
    {
        ledger.Move(job.Digest, attempt, JobState.Running, new AuditEvent(EventKinds.Running) { Text = RunningText() });
        using var outputs = new OutputSet(store, _manifest.Content.Outputs.Select(output => output.Name).ToHashSet(), options.MaximumObjectBytes);
        using var written = new CheckpointIntake(store, options.MaximumObjectBytes, OnCheckpoint);
        var inputs = new Dictionary<uint, StoredObject>();
        try
        {
            foreach (ManifestStream stream in _manifest.Content.Streams)
            {
                inputs.Add((uint)stream.Id, store.Open(stream.Digest));
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

    /// <summary>Asks every party's agent at once, and waits for all answers, so that a failure names every reason.</summary>
    /// <exception cref="JobFailedException">A party refused.</exception>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.AgentAway"/> or <see cref="HostErrors.AgentRestarted"/>.</exception>
    private async Task<AgentAnswer[]> AskAllAsync(Func<string, int, CancellationToken, Task<AgentAnswer>> ask, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.ReleaseTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        string[] parties = [.. _manifest.Content.Parties.Select(party => party.Name)];
        Task<AgentAnswer>[] asked = [.. parties.Select((party, index) => ask(party, index, either.Token))];
        await ((Task)Task.WhenAll(asked)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();

        Refuse([.. parties.Zip(asked).Where(pair => pair.Second is { IsCompletedSuccessfully: true, Result.Message.Refusal: not null }).Select(pair => (pair.First, pair.Second.Result.Message.Refusal))]);
        if (asked.FirstOrDefault(one => one.IsFaulted) is { } faulted)
        {
            await faulted;
        }

        string[] silent = [.. parties.Zip(asked).Where(pair => pair.Second.IsCanceled).Select(pair => pair.First)];
        return silent.Length == 0
            ? await Task.WhenAll(asked)
            : throw new OrchestratorException(HostErrors.AgentAway, $"No answer came in time from the agent of {string.Join(", ", silent)}.");
    }

    private void Refuse(IReadOnlyList<(string Party, Refusal Refusal)> refusals)
    {
        if (refusals.Count == 0)
        {
            return;
        }

        var all = new ErrorDetail
        {
            Code = HostErrors.ReleaseRefused.Id,
            Message = $"Refused by {string.Join(", ", refusals.Select(refusal => refusal.Party))}.",
            Remedy = HostErrors.ReleaseRefused.Remedy,
        };
        foreach ((string party, Refusal refusal) in refusals)
        {
            ErrorDetail one = Refusals.Describe(party, refusal);
            all.Denials.AddRange(one.Denials.Take(RpcErrors.MaximumDenials - all.Denials.Count));
            ledger.Note(job.Digest, attempt, new AuditEvent(EventKinds.Refused) { Party = party, Text = one.Message, Error = one });
        }

        throw new JobFailedException(all);
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
