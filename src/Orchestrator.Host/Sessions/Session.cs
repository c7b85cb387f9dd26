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
internal sealed class Session(JobRow job, int attempt, DeviceLink device, SessionLedger ledger, AgentRegistry agents, ObjectStore store, HostOptions options, TimeProvider time)
{
    private static readonly TimeSpan s_commandTimeout = TimeSpan.FromMinutes(1);

    private readonly Manifest _manifest = Manifest.Decode(job.Manifest);
    private readonly ByteString _name = ByteString.CopyFrom(job.Digest.ToArray());
    private readonly EpochWatch _epochs = new(time);

    /// <summary>Takes the job as far as it goes: to its result, to its failure, or back into the queue.</summary>
    /// <param name="stopping">The host stops: the job is left as it is, and recovered at the next start.</param>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task watching = EndWithJobAsync(over);
        try
        {
            await AttestAsync(over.Token);
            await ReleaseAsync(over.Token);
            await TrainAsync(over.Token);
        }
        finally
        {
            await over.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ResetAsync();
        }
    }

    private async Task AttestAsync(CancellationToken cancellationToken)
    {
        await device.Mailbox.ResetAsync(new ResetRequest(), Command(cancellationToken));
        await device.Mailbox.EnterTrustedModeAsync(new EnterTrustedModeRequest(), Command(cancellationToken));

        AgentMessage[] answers = await AskAllAsync((party, cancel) => agents.AskForNonceAsync(party, new NonceRequest { Job = _name, Attempt = (uint)attempt }, cancel), cancellationToken);
        var load = new LoadRequest { Manifest = ByteString.CopyFrom(job.Manifest) };
        load.Approvals.AddRange(ledger.Approvals(job).Select(ByteString.CopyFrom));
        load.Nonces.AddRange(_manifest.Content.Parties.Zip(answers, (party, answer) => new PartyNonce { Party = party.Name, Nonce = answer.Nonce.Nonce_ }));
        await device.Mailbox.LoadAsync(load, Command(cancellationToken));
    }

    private async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        QuoteReply quote = await device.Mailbox.QuoteAsync(new QuoteRequest(), Command(cancellationToken));
        ledger.QuoteRelayed(job.Digest, attempt, quote.Evidence.ToByteArray());

        using var mailbox = new SemaphoreSlim(1);
        await AskAllAsync(
            async (party, cancel) =>
            {
                AgentMessage answer = await agents.OfferQuoteAsync(party, new QuoteOffer { Job = _name, Attempt = (uint)attempt, Evidence = quote.Evidence }, cancel);
                if (answer.KeyPackage is { } package)
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
    }

    private async Task TrainAsync(CancellationToken cancellationToken)
    {
        ledger.Move(job.Digest, attempt, JobState.Running, new AuditEvent(EventKinds.Running) { Text = "Every party released its keys; the device trains." });
        using var outputs = new OutputSet(store, _manifest.Content.Outputs.Select(output => output.Name).ToHashSet(), options.MaximumObjectBytes);
        var inputs = new Dictionary<uint, StoredObject>();
        try
        {
            foreach (ManifestStream stream in _manifest.Content.Streams)
            {
                inputs.Add((uint)stream.Id, store.Open(stream.Digest));
            }

            Finished finished = await new DmaPump(inputs, outputs, OnProgress).RunAsync(device.Dma, cancellationToken);
            NoteProgress(_epochs.Rest());
            ledger.Complete(job.Digest, attempt, finished, outputs.Keep());
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
    /// <exception cref="OrchestratorException"><see cref="HostErrors.AgentAway"/>.</exception>
    private async Task<AgentMessage[]> AskAllAsync(Func<string, CancellationToken, Task<AgentMessage>> ask, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.ReleaseTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        string[] parties = [.. _manifest.Content.Parties.Select(party => party.Name)];
        Task<AgentMessage>[] asked = [.. parties.Select(party => ask(party, either.Token))];
        await ((Task)Task.WhenAll(asked)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();

        Refuse([.. parties.Zip(asked).Where(pair => pair.Second is { IsCompletedSuccessfully: true, Result.Refusal: not null }).Select(pair => (pair.First, pair.Second.Result.Refusal))]);
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

    // Withdrawn or cancelled: the run stops now, or, where the manifest says so, when the device has finished its epoch.
    private async Task EndWithJobAsync(CancellationTokenSource over)
    {
        await ledger.WhenNotCurrentAsync(job.Digest, attempt, over.Token);
        if (_manifest.Content.Withdrawal == WithdrawalRule.FinishEpoch && ledger.OutcomeOf(job.Digest).State == JobState.Withdrawn)
        {
            await _epochs.NextAsync(over.Token);
        }

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
