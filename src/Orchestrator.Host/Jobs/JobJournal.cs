using Microsoft.Data.Sqlite;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Crypto;
using Orchestrator.Host.Audit;
using Orchestrator.Host.Objects;
using Orchestrator.Host.Storage;
using JobState = Orchestrator.Contracts.Protocol.Host.JobState;

namespace Orchestrator.Host.Jobs;

/// <summary>Moves jobs from state to state, each step together with its event, in the caller's transaction.</summary>
internal sealed class JobJournal(AuditLog audit, TimeProvider time)
{
    public static JobState StateOf(SqliteConnection connection, Digest job) =>
        (JobState)connection.Scalar("SELECT state FROM jobs WHERE digest = $job", ("$job", job));

    /// <summary>Records something that leaves the job's state as it is.</summary>
    public void Note(SqliteConnection connection, Digest job, AuditEvent happened) =>
        audit.Append(connection, happened with { Job = job, State = StateOf(connection, job) });

    /// <summary>Takes a step, which the caller has made sure is possible.</summary>
    /// <exception cref="InvalidOperationException">The state does not allow it.</exception>
    public void Move(SqliteConnection connection, Digest job, JobState to, AuditEvent happened)
    {
        JobState from = StateOf(connection, job);
        if (!JobStates.CanFollow(from, to))
        {
            throw new InvalidOperationException($"A job cannot go from {from} to {to}.");
        }

        connection.Execute(
            "UPDATE jobs SET state = $state, failure = $failure, queued = $queued WHERE digest = $job",
            ("$state", (long)to),
            ("$failure", happened.Error),
            ("$queued", to == JobState.Queued ? time.GetUtcNow().ToUnixTimeMilliseconds() : null),
            ("$job", job));
        audit.Append(connection, happened with { Job = job, State = to });
    }

    /// <summary>Ends a job without a result.</summary>
    public void End(SqliteConnection connection, Digest job, JobState to, string kind, ErrorDetail reason, string party = "") =>
        Move(connection, job, to, new AuditEvent(kind) { Party = party, Text = reason.Message, Error = reason });

    /// <summary>Takes the steps that are due before a device is needed: all have approved, all objects are in.</summary>
    public void Advance(SqliteConnection connection, Digest job)
    {
        if (StateOf(connection, job) == JobState.Proposed && !AnyApprovalMissing(connection, job))
        {
            Move(connection, job, JobState.Approved, new AuditEvent(EventKinds.ApprovedByAll) { Text = "Every party has approved." });
        }

        if (StateOf(connection, job) == JobState.Approved && MissingObjects(connection, job).Count == 0)
        {
            Move(connection, job, JobState.Queued, new AuditEvent(EventKinds.Queued) { Text = "Every object is here; the job waits for a device." });
        }
    }

    /// <summary>Tells the jobs that wait for an object that it has come.</summary>
    public void ObjectStored(SqliteConnection connection, Digest digest, string party)
    {
        List<Digest> waiting = connection.Query(
            "SELECT job FROM job_inputs JOIN jobs ON jobs.digest = job_inputs.job WHERE job_inputs.digest = $digest AND state IN ($proposed, $approved)",
            row => row.Digest(0),
            ("$digest", digest),
            ("$proposed", (long)JobState.Proposed),
            ("$approved", (long)JobState.Approved));
        if (waiting.Count == 0)
        {
            audit.Append(connection, new AuditEvent(EventKinds.ObjectStored) { Party = party, Text = ObjectStore.NameOf(digest) });
        }

        foreach (Digest job in waiting)
        {
            Note(connection, job, new AuditEvent(EventKinds.ObjectStored) { Party = party, Text = ObjectStore.NameOf(digest) });
            Advance(connection, job);
        }
    }

    /// <summary>The objects that the job needs and the host has not.</summary>
    public static List<Digest> MissingObjects(SqliteConnection connection, Digest job) => connection.Query(
        "SELECT digest FROM job_inputs WHERE job = $job AND digest NOT IN (SELECT digest FROM objects) ORDER BY digest",
        row => row.Digest(0),
        ("$job", job));

    private static bool AnyApprovalMissing(SqliteConnection connection, Digest job) =>
        connection.Scalar("SELECT COUNT(*) FROM job_parties WHERE job = $job AND approval IS NULL", ("$job", job)) > 0;
}
