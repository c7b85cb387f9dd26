using Google.Protobuf;
using Microsoft.Data.Sqlite;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Storage;
using JobState = Orchestrator.Contracts.Protocol.Host.JobState;
using Wire = Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Host.Jobs;

/// <summary>A job as the database has it.</summary>
internal sealed record JobRow
{
    private const string Columns = "digest, name, proposer, state, attempt, queued, proposed, manifest, evidence, failure, receipt, device";

    public required Digest Digest { get; init; }

    public required string Name { get; init; }

    public required string Proposer { get; init; }

    public required JobState State { get; init; }

    /// <summary>How many sessions were begun.</summary>
    public required int Attempt { get; init; }

    /// <summary>Since when it waits, in Unix milliseconds; 0 when it is not queued.</summary>
    public required long QueuedAt { get; init; }

    public required long ProposedAt { get; init; }

    public required byte[] Manifest { get; init; }

    public byte[]? Evidence { get; init; }

    public ErrorDetail? Failure { get; init; }

    public byte[]? Receipt { get; init; }

    /// <summary>The device that may have keys of the job; <see langword="null"/>: none.</summary>
    public string? Device { get; init; }

    /// <summary>A job that names <paramref name="party"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.JobNotFound"/>, whether it is unknown or another's.</exception>
    public static JobRow Find(SqliteConnection connection, string party, Digest job) => connection.Query(
        $"SELECT {Columns} FROM jobs JOIN visible_jobs ON job = digest WHERE digest = $job AND party = $party",
        Read,
        ("$job", job),
        ("$party", party)).FirstOrDefault() ?? throw new OrchestratorException(HostErrors.JobNotFound, $"There is no job {job} that names {party}.");

    /// <summary>All jobs that name <paramref name="party"/>, newest first.</summary>
    public static List<JobRow> All(SqliteConnection connection, string party) => connection.Query(
        $"SELECT {Columns} FROM jobs JOIN visible_jobs ON job = digest WHERE party = $party ORDER BY proposed DESC, digest",
        Read,
        ("$party", party));

    /// <summary>All jobs in a state, those that have waited longest first.</summary>
    public static List<JobRow> InState(SqliteConnection connection, JobState state) => connection.Query(
        $"SELECT {Columns} FROM jobs WHERE state = $state ORDER BY queued, proposed, digest",
        Read,
        ("$state", (long)state));

    /// <param name="connection">For what is in other tables.</param>
    /// <param name="whole">With manifest, approvals, evidence and receipt.</param>
    public Wire.Job ToMessage(SqliteConnection connection, bool whole)
    {
        var message = new Wire.Job
        {
            Job_ = ByteString.CopyFrom(Digest.ToArray()),
            Name = Name,
            State = State,
            Proposer = Proposer,
            Failure = Failure,
            ProposedUnixMilliseconds = ProposedAt,
        };
        message.MissingObjects.AddRange(JobJournal.MissingObjects(connection, Digest).Select(digest => digest.ToString()));
        message.Outputs.AddRange(Outputs(connection));
        if (whole)
        {
            message.Manifest = ByteString.CopyFrom(Manifest);
            message.Evidence = ByteString.CopyFrom(Evidence ?? []);
            message.Receipt = ByteString.CopyFrom(Receipt ?? []);
            message.Approvals.AddRange(Approvals(connection));
        }

        return message;
    }

    /// <summary>The approvals that are in.</summary>
    public List<Wire.Approval> Approvals(SqliteConnection connection) => connection.Query(
        "SELECT party, approval FROM job_parties WHERE job = $job AND approval IS NOT NULL ORDER BY party",
        row => new Wire.Approval { Party = row.GetString(0), Approval_ = ByteString.CopyFrom(row.Bytes(1)) },
        ("$job", Digest));

    private List<Wire.JobOutput> Outputs(SqliteConnection connection) => connection.Query(
        "SELECT name, digest, size FROM job_outputs JOIN objects USING (digest) WHERE job = $job ORDER BY name",
        row => new Wire.JobOutput { Name = row.GetString(0), Digest = ByteString.CopyFrom(row.Bytes(1)), Size = (ulong)row.GetInt64(2) },
        ("$job", Digest));

    private static JobRow Read(SqliteDataReader row) => new()
    {
        Digest = row.Digest(0),
        Name = row.GetString(1),
        Proposer = row.GetString(2),
        State = (JobState)row.GetInt32(3),
        Attempt = row.GetInt32(4),
        QueuedAt = row.IsDBNull(5) ? 0 : row.GetInt64(5),
        ProposedAt = row.GetInt64(6),
        Manifest = row.Bytes(7),
        Evidence = row.BytesOrNull(8),
        Failure = row.MessageOrNull(9, ErrorDetail.Parser),
        Receipt = row.BytesOrNull(10),
        Device = row.IsDBNull(11) ? null : row.GetString(11),
    };
}
