using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;
using Orchestrator.Host.Storage;

namespace Orchestrator.Host.Objects;

/// <summary>What the host has of an object, as far as one party may know.</summary>
internal readonly record struct ObjectStatus(bool Complete, long Received, long Size);

/// <summary>
/// Sealed streams by their digest. A complete object is a file in <c>objects/</c> and a row; an upload is a file in
/// <c>uploads/</c> and a row, of one party, and survives a restart. A file without a row counts as absent.
/// </summary>
internal sealed class ObjectStore(StateDirectory state, HostDatabase database, HostOptions options, TimeProvider time)
{
    private const int MaximumUploads = 256;

    private static readonly TimeSpan s_uploadLifetime = TimeSpan.FromDays(30);

    private readonly ConcurrentDictionary<long, bool> _active = new();

    /// <summary>The object as <paramref name="party"/> may see it: complete if the party may read it, otherwise its own upload.</summary>
    public ObjectStatus Stat(string party, Digest digest)
    {
        if (database.Read(connection => SizeForReader(connection, party, digest)) is { } size)
        {
            return new ObjectStatus(true, size, size);
        }

        long? upload = database.Read(connection => FindUpload(connection, party, digest));
        return new ObjectStatus(false, upload is { } id ? LengthOf(UploadPath(id)) : 0, 0);
    }

    /// <summary>Begins or continues an upload.</summary>
    /// <param name="party">Who uploads.</param>
    /// <param name="digest">The digest announced.</param>
    /// <param name="size">The size announced, in bytes.</param>
    /// <param name="offset">Where the sender begins; it has to be where the host's copy ends.</param>
    /// <returns><see langword="null"/> if the object is complete and the party's already.</returns>
    /// <exception cref="OrchestratorException">A code of area <c>object</c> in <see cref="HostErrors"/>, or of <see cref="StorageErrors"/>.</exception>
    public ObjectUpload? BeginUpload(string party, Digest digest, long size, long offset)
    {
        if (size < 1 || offset < 0 || offset > size)
        {
            throw new OrchestratorException(HostErrors.ObjectRequestInvalid, $"Size {size} and offset {offset} do not fit together.");
        }

        if (size > options.MaximumObjectBytes)
        {
            throw new OrchestratorException(HostErrors.ObjectTooLarge, $"The object has {size} bytes; this host takes {options.MaximumObjectBytes}.");
        }

        if (database.Write(connection => Reserve(connection, party, digest, size)) is not { } id)
        {
            return null;
        }

        if (!_active.TryAdd(id, true))
        {
            throw new OrchestratorException(HostErrors.ObjectBusy, $"Object {digest} is being uploaded by another call.");
        }

        try
        {
            return OpenUpload(id, party, digest, size, offset);
        }
        catch
        {
            _active.TryRemove(id, out _);
            throw;
        }
    }

    /// <summary>Opens an object that <paramref name="party"/> may read: one it uploaded, or an output of a job that names it.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.ObjectNotFound"/>, whether the object is missing or another's.</exception>
    public StoredObject OpenFor(string party, Digest digest) =>
        database.Read(connection => SizeForReader(connection, party, digest)) is null
            ? throw new OrchestratorException(HostErrors.ObjectNotFound, $"There is no object {digest} that {party} may read.")
            : Open(digest);

    /// <summary>Opens a complete object for a device.</summary>
    public StoredObject Open(Digest digest) => StoredObject.Open(PathOf(digest), NameOf(digest));

    /// <summary>Begins a stream that a device writes. What it becomes is known only at its end.</summary>
    public ObjectWriter BeginOutput(string name)
    {
        string path = Path.Combine(state.Uploads, $"output-{System.Security.Cryptography.RandomNumberGenerator.GetHexString(32, lowercase: true)}");
        return ObjectWriter.Open(path, $"Output {name}");
    }

    /// <summary>Moves a finished output to its place; <see cref="AddObject"/> makes it known.</summary>
    public void Place(ObjectWriter output, Digest digest) => output.MoveTo(PathOf(digest));

    /// <summary>Removes the file of an object that has no row any more.</summary>
    public void Remove(Digest digest)
    {
        File.Delete(PathOf(digest));
        File.Delete(ObjectWriter.LeavesOf(PathOf(digest)));
    }

    public static void AddObject(SqliteConnection connection, Digest digest, long size) => connection.Execute(
        "INSERT INTO objects(digest, size) VALUES ($digest, $size) ON CONFLICT DO NOTHING",
        ("$digest", digest),
        ("$size", size));

    public static bool Has(SqliteConnection connection, Digest digest) =>
        connection.Scalar("SELECT COUNT(*) FROM objects WHERE digest = $digest", ("$digest", digest)) > 0;

    /// <summary>Removes what a crash left over, and uploads that nobody continued for a month. Call it before serving.</summary>
    public void Sweep()
    {
        long oldest = (time.GetUtcNow() - s_uploadLifetime).ToUnixTimeMilliseconds();
        (HashSet<string> uploads, HashSet<string> objects) = database.Write(connection =>
        {
            connection.Execute("DELETE FROM uploads WHERE started < $oldest", ("$oldest", oldest));
            return (
                connection.Query("SELECT id FROM uploads", row => Path.GetFileName(UploadPath(row.GetInt64(0)))).ToHashSet(),
                connection.Query("SELECT digest FROM objects", row => row.Digest(0).ToString()).ToHashSet());
        });
        DeleteOthers(state.Uploads, uploads);
        DeleteOthers(state.Objects, objects);
    }

    internal void Complete(ObjectUpload upload, ObjectWriter writer, Action<SqliteConnection> completed)
    {
        writer.MoveTo(PathOf(upload.Digest));
        database.Write(connection =>
        {
            AddObject(connection, upload.Digest, upload.Size);
            connection.Execute("INSERT INTO object_owners(digest, party) VALUES ($digest, $party)", ("$digest", upload.Digest), ("$party", upload.Party));
            connection.Execute("DELETE FROM uploads WHERE id = $id", ("$id", upload.Id));
            completed(connection);
        });
    }

    internal void Forget(ObjectUpload upload) => database.Write(connection => connection.Execute("DELETE FROM uploads WHERE id = $id", ("$id", upload.Id)));

    internal void Release(ObjectUpload upload) => _active.TryRemove(upload.Id, out _);

    internal static string NameOf(Digest digest) => $"Object {digest}";

    private ObjectUpload OpenUpload(long id, string party, Digest digest, long size, long offset)
    {
        string path = UploadPath(id);
        long received = LengthOf(path);
        if (received > size)
        {
            // An earlier call announced more; one of the two sizes is wrong, and the digest tells which in the end.
            File.Delete(path);
            received = 0;
        }

        if (offset != received)
        {
            throw new OrchestratorException(HostErrors.ObjectOffset, $"The upload begins at {offset}; the host has {received} bytes.");
        }

        if (new DriveInfo(state.Uploads).AvailableFreeSpace < size - received)
        {
            throw new OrchestratorException(StorageErrors.Full, $"The host's disk has no room for the {size - received} bytes that are missing.");
        }

        return new ObjectUpload(this, id, party, digest, size, ObjectWriter.Open(path, NameOf(digest)));
    }

    private long? Reserve(SqliteConnection connection, string party, Digest digest, long size)
    {
        if (connection.Scalar("SELECT COUNT(*) FROM object_owners WHERE digest = $digest AND party = $party", ("$digest", digest), ("$party", party)) > 0)
        {
            return null;
        }

        long taken = connection.Scalar(
            """
            SELECT (SELECT COALESCE(SUM(size), 0) FROM uploads WHERE party = $party AND digest <> $digest)
                 + (SELECT COALESCE(SUM(size), 0) FROM objects JOIN object_owners USING (digest) WHERE party = $party)
            """,
            ("$party", party),
            ("$digest", digest));
        if (size > options.QuotaBytes - taken)
        {
            throw new OrchestratorException(HostErrors.ObjectQuota, $"{party} has {taken} of {options.QuotaBytes} bytes in use; {size} more do not fit.");
        }

        // Each has files of its own, open while a call lasts: bytes alone would not bound them.
        if (connection.Scalar("SELECT COUNT(*) FROM uploads WHERE party = $party AND digest <> $digest", ("$party", party), ("$digest", digest)) >= MaximumUploads)
        {
            throw new OrchestratorException(HostErrors.UploadLimit, $"{party} has {MaximumUploads} uploads that are not finished.");
        }

        connection.Execute(
            """
            INSERT INTO uploads(digest, party, size, started) VALUES ($digest, $party, $size, $now)
            ON CONFLICT DO UPDATE SET size = excluded.size, started = excluded.started
            """,
            ("$digest", digest),
            ("$party", party),
            ("$size", size),
            ("$now", time.GetUtcNow().ToUnixTimeMilliseconds()));
        return FindUpload(connection, party, digest);
    }

    private static long? FindUpload(SqliteConnection connection, string party, Digest digest) => connection.Query(
        "SELECT id FROM uploads WHERE digest = $digest AND party = $party",
        row => (long?)row.GetInt64(0),
        ("$digest", digest),
        ("$party", party)).FirstOrDefault();

    private static long? SizeForReader(SqliteConnection connection, string party, Digest digest) => connection.Query(
        """
        SELECT size FROM objects WHERE digest = $digest AND (
            EXISTS (SELECT 1 FROM object_owners AS owner WHERE owner.digest = objects.digest AND owner.party = $party)
            OR EXISTS (SELECT 1 FROM job_outputs AS output JOIN visible_jobs AS visible USING (job)
                       WHERE output.digest = objects.digest AND visible.party = $party))
        """,
        row => (long?)row.GetInt64(0),
        ("$digest", digest),
        ("$party", party)).FirstOrDefault();

    private static void DeleteOthers(string folder, HashSet<string> keep)
    {
        foreach (string path in Directory.EnumerateFiles(folder))
        {
            if (!keep.Contains(Path.GetFileNameWithoutExtension(path)))
            {
                File.Delete(path);
            }
        }
    }

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private string PathOf(Digest digest) => Path.Combine(state.Objects, digest.ToString());

    private string UploadPath(long id) => Path.Combine(state.Uploads, $"upload-{id}");
}
