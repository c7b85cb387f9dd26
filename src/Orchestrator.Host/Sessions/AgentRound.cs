using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Audit;
using Orchestrator.Host.Releases;

namespace Orchestrator.Host.Sessions;

/// <summary>Asks the agents of all parties of a job for one thing, and tells everyone who refused and why.</summary>
internal sealed class AgentRound(Digest job, int attempt, IReadOnlyList<string> parties, SessionLedger ledger, HostOptions options, TimeProvider time)
{
    /// <summary>In the manifest's order.</summary>
    public IReadOnlyList<string> Parties => parties;

    /// <summary>Asks every party's agent at once, and waits for all answers, so that a failure names every reason.</summary>
    /// <exception cref="JobFailedException">A party refused.</exception>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.AgentAway"/> or <see cref="HostErrors.AgentRestarted"/>.</exception>
    public async Task<AgentAnswer[]> AskAllAsync(Func<string, int, CancellationToken, Task<AgentAnswer>> ask, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.ReleaseTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
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

    /// <summary>Ends the job's session if anyone has refused: a party, or the group of a stage.</summary>
    /// <exception cref="JobFailedException">Somebody has.</exception>
    public void Refuse(IReadOnlyList<(string Owner, Refusal Refusal)> refusals)
    {
        if (refusals.Count == 0)
        {
            return;
        }

        var all = new ErrorDetail
        {
            Code = HostErrors.ReleaseRefused.Id,
            Message = $"Refused by {string.Join(", ", refusals.Select(refusal => refusal.Owner))}.",
            Remedy = HostErrors.ReleaseRefused.Remedy,
        };
        foreach ((string owner, Refusal refusal) in refusals)
        {
            ErrorDetail one = Refusals.Describe(owner, refusal);
            all.Denials.AddRange(one.Denials.Take(RpcErrors.MaximumDenials - all.Denials.Count));
            ledger.Note(job, attempt, new AuditEvent(EventKinds.Refused) { Party = owner, Text = one.Message, Error = one });
        }

        throw new JobFailedException(all);
    }
}
