using Microsoft.Data.Sqlite;
using Orchestrator.Errors;

namespace Orchestrator.Host.Storage;

/// <summary>The database's tables. <c>user_version</c> counts the steps of <see cref="s_steps"/> that were taken; a step never changes once released.</summary>
internal static class Schema
{
    private static readonly string[] s_steps =
    [
        """
        CREATE TABLE parties(
            name TEXT PRIMARY KEY,
            signing_key BLOB NOT NULL,
            sealing_key BLOB NOT NULL) STRICT;

        CREATE TABLE objects(
            digest BLOB PRIMARY KEY,
            size INTEGER NOT NULL) STRICT;
        -- An id names a file, so it is never used twice.
        CREATE TABLE uploads(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            digest BLOB NOT NULL,
            party TEXT NOT NULL REFERENCES parties(name),
            size INTEGER NOT NULL,
            started INTEGER NOT NULL,
            UNIQUE(digest, party)) STRICT;
        CREATE TABLE object_owners(
            digest BLOB NOT NULL REFERENCES objects(digest),
            party TEXT NOT NULL REFERENCES parties(name),
            PRIMARY KEY(digest, party)) STRICT;

        CREATE TABLE jobs(
            digest BLOB PRIMARY KEY,
            name TEXT NOT NULL,
            proposer TEXT NOT NULL,
            state INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            queued INTEGER,
            proposed INTEGER NOT NULL,
            manifest BLOB NOT NULL,
            evidence BLOB,
            failure BLOB,
            receipt BLOB) STRICT;
        CREATE TABLE job_parties(
            job BLOB NOT NULL REFERENCES jobs(digest),
            party TEXT NOT NULL,
            signing_key BLOB NOT NULL,
            approval BLOB,
            PRIMARY KEY(job, party)) STRICT;
        -- A party sees a job that names it with the key that it registered.
        CREATE VIEW visible_jobs AS
            SELECT job, party FROM job_parties JOIN parties ON parties.name = job_parties.party AND parties.signing_key = job_parties.signing_key;
        CREATE TABLE job_inputs(
            job BLOB NOT NULL REFERENCES jobs(digest),
            digest BLOB NOT NULL,
            PRIMARY KEY(job, digest)) STRICT;
        CREATE INDEX job_inputs_by_digest ON job_inputs(digest);
        CREATE TABLE job_outputs(
            job BLOB NOT NULL REFERENCES jobs(digest),
            name TEXT NOT NULL,
            digest BLOB NOT NULL REFERENCES objects(digest),
            PRIMARY KEY(job, name)) STRICT;

        CREATE TABLE audit(
            sequence INTEGER PRIMARY KEY,
            job BLOB,
            job_sequence INTEGER,
            entry BLOB NOT NULL,
            hash BLOB NOT NULL,
            UNIQUE(job, job_sequence)) STRICT;
        CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;
        CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;
        """,
        """
        CREATE TABLE job_checkpoints(
            job BLOB NOT NULL REFERENCES jobs(digest),
            counter INTEGER NOT NULL,
            epoch INTEGER NOT NULL,
            digest BLOB NOT NULL REFERENCES objects(digest),
            evidence BLOB NOT NULL,
            statement BLOB NOT NULL,
            seen_by_all INTEGER NOT NULL,
            PRIMARY KEY(job, counter)) STRICT;
        CREATE TABLE checkpoints_seen(
            job BLOB NOT NULL REFERENCES jobs(digest),
            counter INTEGER NOT NULL,
            party TEXT NOT NULL,
            PRIMARY KEY(job, counter, party)) STRICT;
        -- The device that has got a job's keys, and the sessions that were lost since the job last got on.
        ALTER TABLE jobs ADD COLUMN device TEXT;
        ALTER TABLE jobs ADD COLUMN losses INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN lost_epoch INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN lost_code TEXT NOT NULL DEFAULT '';
        ALTER TABLE job_parties ADD COLUMN withdrawal BLOB;
        """,
    ];

    /// <summary>The version that this program writes.</summary>
    public static int Version => s_steps.Length;

    /// <exception cref="OrchestratorException"><see cref="HostErrors.StateNewer"/>: a later program wrote this database.</exception>
    public static void Upgrade(SqliteConnection connection)
    {
        long version = connection.Scalar("PRAGMA user_version");
        if (version > Version)
        {
            throw new OrchestratorException(HostErrors.StateNewer, $"The state has schema version {version}; this program knows versions up to {Version}.");
        }

        for (int step = (int)version; step < Version; step++)
        {
            using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
            connection.Execute(s_steps[step]);
            connection.Execute($"PRAGMA user_version = {step + 1}");
            transaction.Commit();
        }
    }
}
