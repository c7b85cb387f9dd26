using Microsoft.Data.Sqlite;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Audit;
using Orchestrator.Host.Storage;
using JobState = Orchestrator.Contracts.Protocol.Host.JobState;
using Wire = Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Host.Jobs;

/// <summary>The jobs as parties see them: each only those that name it. A job that is unknown and one that is another's give the same answer.</summary>
internal sealed class JobBook(HostDatabase database, JobJournal journal, ChangeSignal changes, HostOptions options, TimeProvider time)
{
    private const int EventsAtOnce = 256;

    /// <summary>Takes in a manifest with its proposer's approval.</summary>
    /// <returns>The job's name: the manifest's digest.</returns>
    /// <exception cref="OrchestratorException">A code of <see cref="ContractErrors"/>: manifest or approval is not valid;
    /// <see cref="HostErrors.JobApprovalForeign"/>, <see cref="HostErrors.JobPartyKeys"/>, <see cref="HostErrors.JobExists"/>,
    /// <see cref="HostErrors.JobLimit"/> or <see cref="HostErrors.JobQuota"/>.</exception>
    public Digest Propose(string proposer, ReadOnlyMemory<byte> manifestBytes, ReadOnlyMemory<byte> approval)
    {
        Manifest manifest = Manifest.Decode(manifestBytes);
        RequireBy(proposer, approval, manifest);
        database.Write(connection =>
        {
            RequireRegisteredKeys(connection, manifest);
            Insert(connection, proposer, manifest);
            RequireWithinLimits(connection, proposer);
            journal.Note(connection, manifest.Digest, new AuditEvent(EventKinds.Proposed) { Party = proposer, Text = manifest.Content.Name });
            AddApproval(connection, proposer, manifest.Digest, approval);
        });
        changes.Pulse();
        return manifest.Digest;
    }

    /// <summary>Adds the caller's approval.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.JobNotFound"/>, <see cref="HostErrors.JobEnded"/>, <see cref="HostErrors.JobApprovalForeign"/>,
    /// <see cref="HostErrors.JobAlreadyApproved"/> or a code of <see cref="ContractErrors"/>.</exception>
    public Wire.Job Approve(string party, Digest job, ReadOnlyMemory<byte> approval)
    {
        Manifest manifest = Manifest.Decode(database.Read(connection => JobRow.Find(connection, party, job)).Manifest);
        RequireBy(party, approval, manifest);
        return Change(party, job, connection => AddApproval(connection, party, job, approval));
    }

    /// <summary>Takes the caller's consent back, which ends the job: at once, or where the manifest says so when the device has finished its epoch.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.JobNotFound"/>, <see cref="HostErrors.JobEnded"/>, or a code of the withdrawal's.</exception>
    public Wire.Job Withdraw(string party, Digest job, string reason, ReadOnlyMemory<byte> withdrawal) => Change(party, job, connection =>
    {
        Manifest manifest = Manifest.Decode(JobRow.Find(connection, party, job).Manifest);
        if (manifest.Content.Withdrawal == WithdrawalRule.FinishEpoch && JobJournal.StateOf(connection, job) == JobState.Running)
        {
            RequireOwn(party, withdrawal, manifest);
            connection.Execute(
                "UPDATE job_parties SET withdrawal = $withdrawal WHERE job = $job AND party = $party",
                ("$withdrawal", withdrawal.ToArray()),
                ("$job", job),
                ("$party", party));
            journal.Note(connection, job, new AuditEvent(EventKinds.Withdrawing) { Party = party, Text = Because($"{party} withdrew its consent; the device finishes its epoch", reason) });
            return;
        }

        var withdrawn = new OrchestratorException(HostErrors.JobWithdrawn, Because($"{party} withdrew its consent", reason));
        journal.End(connection, job, JobState.Withdrawn, EventKinds.Withdrawn, RpcErrors.ToDetail(withdrawn), party);
    });

    /// <summary>Ends the job for its proposer.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.JobNotFound"/>, <see cref="HostErrors.JobEnded"/> or <see cref="HostErrors.JobNotProposer"/>.</exception>
    public Wire.Job Cancel(string party, Digest job, string reason) => Change(party, job, connection =>
    {
        if (JobRow.Find(connection, party, job).Proposer != party)
        {
            throw new OrchestratorException(HostErrors.JobNotProposer, $"{party} did not propose this job.");
        }

        var cancelled = new OrchestratorException(HostErrors.JobCancelled, Because($"{party} cancelled the job", reason));
        journal.End(connection, job, JobState.Cancelled, EventKinds.Cancelled, RpcErrors.ToDetail(cancelled), party);
    });

    /// <exception cref="OrchestratorException"><see cref="HostErrors.JobNotFound"/>.</exception>
    public Wire.Job Get(string party, Digest job) =>
        database.Read(connection => JobRow.Find(connection, party, job).ToMessage(connection, whole: true));

    /// <summary>The caller's jobs, newest first, without manifests, approvals, evidence and receipts.</summary>
    public IReadOnlyList<Wire.Job> List(string party) =>
        database.Read(connection => JobRow.All(connection, party).ConvertAll(row => row.ToMessage(connection, whole: false)));

    /// <summary>Events of a job after the one numbered <paramref name="after"/>, some at a time, and whether the job has ended with the last of them.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.JobNotFound"/>.</exception>
    public (List<Wire.JobEvent> Events, bool Ended) EventsAfter(string party, Digest job, long after) => database.Read(connection =>
    {
        JobRow row = JobRow.Find(connection, party, job);
        List<Wire.JobEvent> events = AuditLog.EventsOf(connection, job, after, EventsAtOnce);
        return (events, JobStates.IsEnd(row.State) && events.Count < EventsAtOnce);
    });

    private static void RequireOwn(string party, ReadOnlyMemory<byte> withdrawal, Manifest manifest)
    {
        VerifiedWithdrawal verified = Withdrawal.Verify(withdrawal, manifest);
        if (verified.Party != party)
        {
            throw new OrchestratorException(ContractErrors.WithdrawalInvalid, $"{party} sent a withdrawal by {verified.Party}.");
        }
    }

    private static string Because(string what, string reason)
    {
        string said = RpcErrors.Printable(reason).Trim();
        return said.Length == 0 ? $"{what}." : $"{what}: {said}";
    }

    private static void RequireBy(string party, ReadOnlyMemory<byte> approval, Manifest manifest)
    {
        VerifiedApproval verified = Approval.Verify(approval, manifest);
        if (verified.Party != party)
        {
            throw new OrchestratorException(HostErrors.JobApprovalForeign, $"{party} sent an approval by {verified.Party}.");
        }
    }

    // A registered name stands for one key: a manifest that gives it another would speak of somebody else.
    private static void RequireRegisteredKeys(SqliteConnection connection, Manifest manifest)
    {
        foreach (ManifestParty party in manifest.Content.Parties)
        {
            (byte[] Signing, byte[] Sealing) registered = connection.Query(
                "SELECT signing_key, sealing_key FROM parties WHERE name = $name",
                row => (row.Bytes(0), row.Bytes(1)),
                ("$name", party.Name)).FirstOrDefault();
            if (registered.Signing is not null && !(party.SigningKey.ToArray().AsSpan().SequenceEqual(registered.Signing) && party.SealingKey.ToArray().AsSpan().SequenceEqual(registered.Sealing)))
            {
                throw new OrchestratorException(HostErrors.JobPartyKeys, $"The manifest has other keys for {party.Name} than those registered here.");
            }
        }
    }

    // After the job was added: what throws here takes it back.
    private void RequireWithinLimits(SqliteConnection connection, string proposer)
    {
        string ends = string.Join(", ", Enum.GetValues<JobState>().Where(JobStates.IsEnd).Select(state => (long)state));
        long open = connection.Scalar($"SELECT COUNT(*) FROM jobs WHERE proposer = $proposer AND state NOT IN ({ends})", ("$proposer", proposer));
        if (open > options.MaximumOpenJobs)
        {
            throw new OrchestratorException(HostErrors.JobLimit, $"{proposer} has {open - 1} jobs that have not ended; this host grants {options.MaximumOpenJobs}.");
        }

        long taken = connection.Scalar("SELECT SUM(LENGTH(manifest)) FROM jobs WHERE proposer = $proposer", ("$proposer", proposer));
        if (taken > options.ManifestQuotaBytes)
        {
            throw new OrchestratorException(HostErrors.JobQuota, $"With this one, the manifests of {proposer} take {taken} bytes; this host grants {options.ManifestQuotaBytes}.");
        }
    }

    private Wire.Job Change(string party, Digest job, Action<SqliteConnection> change)
    {
        Wire.Job result = database.Write(connection =>
        {
            JobRow row = JobRow.Find(connection, party, job);
            if (JobStates.IsEnd(row.State))
            {
                throw new OrchestratorException(HostErrors.JobEnded, $"The job has ended ({row.State}).");
            }

            change(connection);
            return JobRow.Find(connection, party, job).ToMessage(connection, whole: true);
        });
        changes.Pulse();
        return result;
    }

    private void AddApproval(SqliteConnection connection, string party, Digest job, ReadOnlyMemory<byte> approval)
    {
        int added = connection.Execute(
            "UPDATE job_parties SET approval = $approval WHERE job = $job AND party = $party AND approval IS NULL",
            ("$approval", approval.ToArray()),
            ("$job", job),
            ("$party", party));
        if (added == 0)
        {
            throw new OrchestratorException(HostErrors.JobAlreadyApproved, $"{party} has approved this job before.");
        }

        journal.Note(connection, job, new AuditEvent(EventKinds.Approved) { Party = party });
        journal.Advance(connection, job);
    }

    private void Insert(SqliteConnection connection, string proposer, Manifest manifest)
    {
        int added = connection.Execute(
            """
            INSERT INTO jobs(digest, name, proposer, state, attempt, proposed, manifest)
            VALUES ($job, $name, $proposer, $state, 0, $now, $manifest) ON CONFLICT DO NOTHING
            """,
            ("$job", manifest.Digest),
            ("$name", manifest.Content.Name),
            ("$proposer", proposer),
            ("$state", (long)JobState.Proposed),
            ("$now", time.GetUtcNow().ToUnixTimeMilliseconds()),
            ("$manifest", manifest.Encoding.ToArray()));
        if (added == 0)
        {
            throw new OrchestratorException(HostErrors.JobExists, "This very manifest was proposed before.");
        }

        foreach (ManifestParty party in manifest.Content.Parties)
        {
            connection.Execute(
                "INSERT INTO job_parties(job, party, signing_key) VALUES ($job, $party, $key)",
                ("$job", manifest.Digest),
                ("$party", party.Name),
                ("$key", party.SigningKey.ToArray()));
        }

        foreach (Digest digest in manifest.Objects)
        {
            connection.Execute("INSERT INTO job_inputs(job, digest) VALUES ($job, $digest)", ("$job", manifest.Digest), ("$digest", digest));
        }
    }
}
