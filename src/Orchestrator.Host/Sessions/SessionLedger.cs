using System.Globalization;
using Microsoft.Data.Sqlite;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Audit;
using Orchestrator.Host.Jobs;
using Orchestrator.Host.Objects;
using Orchestrator.Host.Storage;
using JobState = Orchestrator.Contracts.Protocol.Host.JobState;
using Wire = Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Host.Sessions;

/// <summary>
/// What the scheduler and its sessions write about jobs. A session is named by its attempt, and everything it writes is
/// refused with a <see cref="SessionOverException"/> once the job has ended or gone on to another attempt: a withdrawal is
/// never overtaken.
/// </summary>
internal sealed class SessionLedger(HostDatabase database, JobJournal journal, CheckpointLedger checkpoints, ChangeSignal changes)
{
    /// <summary>Puts jobs whose session a stop of the host interrupted back into the queue.</summary>
    public void Recover() => database.Write(connection =>
    {
        foreach (JobState state in Enum.GetValues<JobState>().Where(JobStates.IsInSession))
        {
            foreach (JobRow job in JobRow.InState(connection, state))
            {
                QueueAgain(connection, job.Digest, new AuditEvent(EventKinds.Requeued) { Text = $"The host stopped during attempt {job.Attempt}; another follows." });
            }
        }
    });

    /// <summary>The jobs that wait for a device, in order.</summary>
    public List<JobRow> Queued() => database.Read(connection => JobRow.InState(connection, JobState.Queued));

    /// <summary>Completes when the job has ended or gone on to another attempt.</summary>
    public async Task WhenNotCurrentAsync(Digest job, int attempt, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed = changes.Next;
            if (!database.Read(connection => IsCurrent(connection, job, attempt)))
            {
                return;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A withdrawal from a running job; waits for one.</summary>
    /// <param name="job">The job.</param>
    /// <param name="known">Parties whose withdrawals are known.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<(string Party, byte[] Withdrawal)> WithdrawalAsync(Digest job, IReadOnlySet<string> known, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed = changes.Next;
            if (database.Read(connection => Withdrawals(connection, job)).Where(withdrawal => !known.Contains(withdrawal.Party)).ToList() is [var next, ..])
            {
                return next;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The job's state, and why it failed if it did.</summary>
    public (JobState State, ErrorDetail? Failure) OutcomeOf(Digest job) => database.Read(connection => connection.Query(
        "SELECT state, failure FROM jobs WHERE digest = $job",
        row => ((JobState)row.GetInt32(0), row.MessageOrNull(1, ErrorDetail.Parser)),
        ("$job", job)).Single());

    /// <summary>The parties that the job names.</summary>
    public IReadOnlyList<string> PartiesOf(Digest job) =>
        database.Read(connection => connection.Query("SELECT party FROM job_parties WHERE job = $job ORDER BY party", row => row.GetString(0), ("$job", job)));

    /// <summary>The approvals of a job.</summary>
    public List<byte[]> Approvals(JobRow job) => database.Read(connection => job.Approvals(connection).ConvertAll(approval => approval.Approval_.ToByteArray()));

    /// <summary>Begins the next attempt of a queued job.</summary>
    /// <returns>Its number, from 1; <see langword="null"/> if the job has left the queue.</returns>
    public int? TryBegin(Digest job, string device) => Publish(connection =>
    {
        if (JobJournal.StateOf(connection, job) != JobState.Queued)
        {
            return (int?)null;
        }

        connection.Execute("UPDATE jobs SET attempt = attempt + 1, evidence = NULL WHERE digest = $job", ("$job", job));
        int attempt = (int)connection.Scalar("SELECT attempt FROM jobs WHERE digest = $job", ("$job", job));
        journal.Move(connection, job, JobState.Attesting, new AuditEvent(EventKinds.DeviceAssigned) { Text = $"Device {device} has the job, attempt {attempt}." });
        return attempt;
    });

    /// <summary>Tells watchers why a queued job does not go on.</summary>
    public void NoteWaiting(Digest job, string kind, string text) => Publish(connection =>
    {
        if (JobJournal.StateOf(connection, job) == JobState.Queued)
        {
            journal.Note(connection, job, new AuditEvent(kind) { Text = text });
        }

        return true;
    });

    /// <summary>Ends a job that waited too long.</summary>
    public void FailWaiting(Digest job, ErrorDetail reason) => Publish(connection =>
    {
        if (JobJournal.StateOf(connection, job) == JobState.Queued)
        {
            journal.End(connection, job, JobState.Failed, EventKinds.Failed, reason);
        }

        return true;
    });

    /// <summary>Records an event of a session.</summary>
    public void Note(Digest job, int attempt, AuditEvent happened) => Change(job, attempt, connection => journal.Note(connection, job, happened));

    /// <summary>Records an event of a session, unless the job has ended.</summary>
    public void TryNote(Digest job, int attempt, AuditEvent happened) => Publish(connection =>
    {
        if (IsCurrent(connection, job, attempt))
        {
            journal.Note(connection, job, happened);
        }

        return true;
    });

    /// <summary>Moves a job on.</summary>
    public void Move(Digest job, int attempt, JobState to, AuditEvent happened) => Change(job, attempt, connection => journal.Move(connection, job, to, happened));

    /// <summary>Keeps the evidence that was relayed, and moves on to waiting for keys.</summary>
    /// <param name="device">The device, which from now on may have keys of the job: another would have to be allowed by every party.</param>
    public void QuoteRelayed(Digest job, int attempt, byte[] evidence, string device) => Change(job, attempt, connection =>
    {
        connection.Execute(
            "UPDATE jobs SET evidence = $evidence, device = $device WHERE digest = $job", ("$evidence", evidence), ("$device", device), ("$job", job));
        journal.Move(connection, job, JobState.AwaitingKeys, new AuditEvent(EventKinds.QuoteRelayed) { Text = "The device's quote is with every party's agent." });
    });

    /// <summary>Records a checkpoint whose object is in its place.</summary>
    public void CheckpointStored(Digest job, int attempt, StoredCheckpoint checkpoint, long size, byte[] statement) =>
        Change(job, attempt, connection => checkpoints.Add(connection, job, checkpoint, size, statement));

    /// <summary>Counts a session that was lost.</summary>
    /// <param name="epoch">How far the job had got.</param>
    /// <param name="code">Why it was lost.</param>
    /// <returns>How many were lost for this reason, one after the other, since the job last got on.</returns>
    public int CountLoss(Digest job, int attempt, int epoch, string code)
    {
        int losses = 0;
        Change(job, attempt, connection =>
        {
            connection.Execute(
                """
                UPDATE jobs SET losses = CASE WHEN $epoch > lost_epoch OR $code <> lost_code THEN 1 ELSE losses + 1 END,
                                lost_epoch = MAX(lost_epoch, $epoch), lost_code = $code WHERE digest = $job
                """,
                ("$job", job),
                ("$epoch", (long)epoch),
                ("$code", code));
            losses = (int)connection.Scalar("SELECT losses FROM jobs WHERE digest = $job", ("$job", job));
        });
        return losses;
    }

    /// <summary>Ends a job without a result.</summary>
    public void Fail(Digest job, int attempt, ErrorDetail reason) => Change(job, attempt, connection => journal.End(connection, job, JobState.Failed, EventKinds.Failed, reason));

    /// <summary>Puts a job back into the queue, for another attempt.</summary>
    public void Requeue(Digest job, int attempt, ErrorDetail reason) => Change(job, attempt, connection =>
        QueueAgain(connection, job, new AuditEvent(EventKinds.Requeued) { Text = $"Attempt {attempt} was lost: {reason.Message}", Error = reason }));

    /// <summary>Ends a job with its result, all of it or nothing.</summary>
    public void Complete(Digest job, int attempt, Finished finished, Wire.Overhead overhead, IReadOnlyList<SessionOutput> outputs) => Change(job, attempt, connection =>
    {
        foreach (SessionOutput output in outputs)
        {
            ObjectStore.AddObject(connection, output.Digest, output.Size);
            connection.Execute(
                "INSERT INTO job_outputs(job, name, digest) VALUES ($job, $name, $digest)",
                ("$job", job),
                ("$name", output.Name),
                ("$digest", output.Digest));
        }

        connection.Execute("UPDATE jobs SET receipt = $receipt WHERE digest = $job", ("$receipt", finished.Receipt.ToByteArray()), ("$job", job));
        if (Withdrawals(connection, job) is [var (party, _), ..])
        {
            journal.End(connection, job, JobState.Withdrawn, EventKinds.Withdrawn, Withdrawn($"{party} withdrew its consent; the model of the epoch at hand was delivered."), party);
        }
        else
        {
            journal.Move(connection, job, JobState.Completed, new AuditEvent(EventKinds.Completed) { Text = CompletedText(finished, overhead), Overhead = overhead });
        }
    });

    // Without the consent of all there is no other session.
    private void QueueAgain(SqliteConnection connection, Digest job, AuditEvent happened)
    {
        if (Withdrawals(connection, job) is [var (party, _), ..])
        {
            journal.End(connection, job, JobState.Withdrawn, EventKinds.Withdrawn, Withdrawn($"{party} withdrew its consent, and the session ended before its epoch."), party);
        }
        else
        {
            journal.Move(connection, job, JobState.Queued, happened);
        }
    }

    private static ErrorDetail Withdrawn(string text) => RpcErrors.ToDetail(new OrchestratorException(HostErrors.JobWithdrawn, text));

    private static List<(string Party, byte[] Withdrawal)> Withdrawals(SqliteConnection connection, Digest job) => connection.Query(
        "SELECT party, withdrawal FROM job_parties WHERE job = $job AND withdrawal IS NOT NULL ORDER BY party", row => (row.GetString(0), row.Bytes(1)), ("$job", job));

    private static string CompletedText(Finished finished, Wire.Overhead overhead) => string.Create(
        CultureInfo.InvariantCulture,
        $"Trained for {finished.TrainingMicroseconds / 1e6:0.000} s, of which {finished.WaitingMicroseconds / 1e6:0.000} s without data. The model is sealed to its receivers, and the receipt is here. Seconds: {Overhead.Describe(overhead)}.");

    private static bool IsCurrent(SqliteConnection connection, Digest job, int attempt) =>
        JobStates.IsInSession(JobJournal.StateOf(connection, job)) && connection.Scalar("SELECT attempt FROM jobs WHERE digest = $job", ("$job", job)) == attempt;

    private void Change(Digest job, int attempt, Action<SqliteConnection> change) => Publish(connection =>
    {
        if (!IsCurrent(connection, job, attempt))
        {
            throw new SessionOverException();
        }

        change(connection);
        return true;
    });

    private T Publish<T>(Func<SqliteConnection, T> change)
    {
        T result = database.Write(change);
        changes.Pulse();
        return result;
    }
}
