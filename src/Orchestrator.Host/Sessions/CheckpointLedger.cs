using Google.Protobuf;
using Microsoft.Data.Sqlite;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Host.Audit;
using Orchestrator.Host.Jobs;
using Orchestrator.Host.Objects;
using Orchestrator.Host.Storage;

namespace Orchestrator.Host.Sessions;

/// <summary>A checkpoint that the host has whole.</summary>
/// <param name="Counter">Its number in its job.</param>
/// <param name="Epoch">Epochs that are in it.</param>
/// <param name="Digest">The object.</param>
internal sealed record StoredCheckpoint(int Counter, int Epoch, Digest Digest);

/// <summary>
/// The checkpoints of jobs: which there are, who has seen them, and which are of no more use. A row is there only while its
/// object is (docs/spec/checkpoint.md).
/// </summary>
internal sealed class CheckpointLedger(HostDatabase database, JobJournal journal, ObjectStore store, ChangeSignal changes)
{
    // The newest, and the newest that every party has seen, of jobs that go on; of jobs that have ended none.
    private const string Superfluous =
        """
        SELECT c.job, c.counter, c.digest FROM job_checkpoints AS c JOIN jobs ON jobs.digest = c.job
        WHERE jobs.state IN ($completed, $failed, $withdrawn, $cancelled)
           OR c.counter NOT IN (
               SELECT MAX(counter) FROM job_checkpoints AS n WHERE n.job = c.job
               UNION SELECT COALESCE(MAX(counter), 0) FROM job_checkpoints AS s WHERE s.job = c.job AND s.seen_by_all = 1)
        """;

    /// <summary>Records a checkpoint whose object is in its place, in the session's transaction.</summary>
    public void Add(SqliteConnection connection, Digest job, StoredCheckpoint checkpoint, long size, byte[] statement)
    {
        ObjectStore.AddObject(connection, checkpoint.Digest, size);
        connection.Execute("DELETE FROM checkpoints_seen WHERE job = $job AND counter = $counter", ("$job", job), ("$counter", (long)checkpoint.Counter));
        connection.Execute(
            """
            INSERT OR REPLACE INTO job_checkpoints(job, counter, epoch, digest, evidence, statement, seen_by_all)
            SELECT digest, $counter, $epoch, $digest, evidence, $statement, 0 FROM jobs WHERE digest = $job
            """,
            ("$job", job),
            ("$counter", (long)checkpoint.Counter),
            ("$epoch", (long)checkpoint.Epoch),
            ("$digest", checkpoint.Digest),
            ("$statement", statement));
        journal.Note(connection, job, new AuditEvent(EventKinds.CheckpointWritten) { Text = $"Checkpoint {checkpoint.Counter}, after epoch {checkpoint.Epoch}, is stored." });
    }

    /// <summary>The newest checkpoint of a job.</summary>
    public StoredCheckpoint? Newest(Digest job) => database.Read(connection => connection.Query(
        "SELECT counter, epoch, digest FROM job_checkpoints WHERE job = $job ORDER BY counter DESC LIMIT 1",
        row => new StoredCheckpoint(row.GetInt32(0), row.GetInt32(1), row.Digest(2)),
        ("$job", job)).FirstOrDefault());

    /// <summary>The newest checkpoints of a party's jobs that its agent has not acknowledged.</summary>
    public IReadOnlyList<CheckpointWritten> UnseenBy(string party) => database.Read(connection => connection.Query(
        """
        SELECT c.job, c.evidence, c.statement FROM job_checkpoints AS c JOIN visible_jobs AS v ON v.job = c.job AND v.party = $party
        WHERE c.counter = (SELECT MAX(counter) FROM job_checkpoints AS n WHERE n.job = c.job)
          AND NOT EXISTS (SELECT 1 FROM checkpoints_seen AS s WHERE s.job = c.job AND s.counter = c.counter AND s.party = $party)
        """,
        row => new CheckpointWritten { Job = ByteString.CopyFrom(row.Bytes(0)), Evidence = ByteString.CopyFrom(row.Bytes(1)), Statement = ByteString.CopyFrom(row.Bytes(2)) },
        ("$party", party)));

    /// <summary>Notes that a party's agent has seen a checkpoint. A party that the job does not name has no say.</summary>
    public void Seen(string party, Digest job, int counter)
    {
        database.Write(connection =>
        {
            int added = connection.Execute(
                """
                INSERT OR IGNORE INTO checkpoints_seen(job, counter, party)
                SELECT c.job, c.counter, v.party FROM job_checkpoints AS c JOIN visible_jobs AS v ON v.job = c.job
                WHERE c.job = $job AND c.counter = $counter AND v.party = $party
                """,
                ("$job", job),
                ("$counter", (long)counter),
                ("$party", party));
            if (added > 0 && MissingOf(connection, job, counter) == 0)
            {
                connection.Execute("UPDATE job_checkpoints SET seen_by_all = 1 WHERE job = $job AND counter = $counter", ("$job", job), ("$counter", (long)counter));
                journal.Note(connection, job, new AuditEvent(EventKinds.CheckpointAcknowledged) { Text = $"Every party has seen checkpoint {counter}; no older one will do." });
            }
        });
        changes.Pulse();
    }

    /// <summary>Removes what is of no more use: rows first, so that a crash leaves a file without a row, which the next start sweeps.</summary>
    public void Prune()
    {
        List<Digest> gone = database.Read(connection => Find(connection)).Count == 0 ? [] : database.Write(connection =>
        {
            List<(Digest Job, long Counter, Digest Object)> rows = Find(connection);
            foreach ((Digest job, long counter, Digest digest) in rows)
            {
                connection.Execute("DELETE FROM checkpoints_seen WHERE job = $job AND counter = $counter", ("$job", job), ("$counter", counter));
                connection.Execute("DELETE FROM job_checkpoints WHERE job = $job AND counter = $counter", ("$job", job), ("$counter", counter));
                connection.Execute("DELETE FROM objects WHERE digest = $digest", ("$digest", digest));
            }

            return rows.ConvertAll(row => row.Object);
        });
        gone.ForEach(store.Remove);
    }

    private static List<(Digest Job, long Counter, Digest Object)> Find(SqliteConnection connection) => connection.Query(
        Superfluous,
        row => (row.Digest(0), row.GetInt64(1), row.Digest(2)),
        ("$completed", (long)JobState.Completed),
        ("$failed", (long)JobState.Failed),
        ("$withdrawn", (long)JobState.Withdrawn),
        ("$cancelled", (long)JobState.Cancelled));

    private static long MissingOf(SqliteConnection connection, Digest job, int counter) => connection.Scalar(
        """
        SELECT COUNT(*) FROM job_parties AS p WHERE p.job = $job
          AND NOT EXISTS (SELECT 1 FROM checkpoints_seen AS s WHERE s.job = p.job AND s.counter = $counter AND s.party = p.party)
        """,
        ("$job", job),
        ("$counter", (long)counter));
}
