using Microsoft.Data.Sqlite;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Storage;
using Wire = Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Host.Audit;

/// <summary>The append-only, hash-chained log of everything that happened (docs/spec/audit-log.md). An entry is written in the transaction that it reports.</summary>
internal sealed class AuditLog(TimeProvider time)
{
    /// <summary>Appends an event and gives its number among its job's events.</summary>
    public long Append(SqliteConnection connection, AuditEvent happened)
    {
        (long sequence, Digest previous) = Head(connection);
        long jobSequence = happened.Job is null ? 0 : 1 + connection.Scalar("SELECT COALESCE(MAX(job_sequence), 0) FROM audit WHERE job = $job", ("$job", happened.Job));
        var entry = new AuditEntry(sequence + 1, previous, time.GetUtcNow().ToUnixTimeMilliseconds(), jobSequence, happened);
        byte[] encoding = entry.Encode();
        connection.Execute(
            "INSERT INTO audit(sequence, job, job_sequence, entry, hash) VALUES ($sequence, $job, $jobSequence, $entry, $hash)",
            ("$sequence", entry.Sequence),
            ("$job", happened.Job),
            ("$jobSequence", happened.Job is null ? null : jobSequence),
            ("$entry", encoding),
            ("$hash", AuditEntry.Hash(encoding)));
        return jobSequence;
    }

    /// <summary>Number and hash of the last entry; 0 and 32 zero bytes of an empty log.</summary>
    public static (long Sequence, Digest Hash) Head(SqliteConnection connection) =>
        connection.Query("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1", row => (row.GetInt64(0), row.Digest(1))).FirstOrDefault();

    /// <summary>At most <paramref name="limit"/> of a job's events after the one numbered <paramref name="after"/>.</summary>
    public static List<Wire.JobEvent> EventsOf(SqliteConnection connection, Digest job, long after, int limit) => connection.Query(
        "SELECT entry FROM audit WHERE job = $job AND job_sequence > $after ORDER BY job_sequence LIMIT $limit",
        row => AuditEntry.Decode(row.Bytes(0)).ToJobEvent(),
        ("$job", job),
        ("$after", after),
        ("$limit", limit));

    /// <summary>Recomputes the whole chain and gives its head.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.AuditBroken"/>, naming the first entry that does not fit.</exception>
    public static (long Sequence, Digest Hash) Verify(SqliteConnection connection)
    {
        const int Page = 1000;
        (long Sequence, Digest Hash) head = default;
        List<Row> rows;
        do
        {
            rows = connection.Query(
                "SELECT sequence, job, job_sequence, entry, hash FROM audit WHERE sequence > $after ORDER BY sequence LIMIT $page",
                row => new Row(row.GetInt64(0), row.BytesOrNull(1), row.IsDBNull(2) ? 0 : row.GetInt64(2), row.Bytes(3), row.Digest(4)),
                ("$after", head.Sequence),
                ("$page", Page));
            foreach (Row row in rows)
            {
                head = Follows(row, head) ? (row.Sequence, row.Hash) : throw Broken(head.Sequence + 1);
            }
        }
        while (rows.Count == Page);

        return head;
    }

    private static bool Follows(Row row, (long Sequence, Digest Hash) head)
    {
        try
        {
            return row.Follows(head);
        }
        catch (OrchestratorException e)
        {
            throw Broken(head.Sequence + 1, e);
        }
    }

    private static OrchestratorException Broken(long sequence, Exception? inner = null) =>
        new(HostErrors.AuditBroken, $"Entry {sequence} of the audit log was altered or removed.", inner: inner);

    private sealed record Row(long Sequence, byte[]? Job, long JobSequence, byte[] Encoding, Digest Hash)
    {
        public bool Follows((long Sequence, Digest Hash) head)
        {
            if (Sequence != head.Sequence + 1 || AuditEntry.Hash(Encoding) != Hash)
            {
                return false;
            }

            AuditEntry entry = AuditEntry.Decode(Encoding);
            return entry.Sequence == Sequence
                && entry.Previous == head.Hash
                && entry.JobSequence == JobSequence
                && entry.Event.Job.Equals(Job is null ? null : new Digest(Job));
        }
    }
}
