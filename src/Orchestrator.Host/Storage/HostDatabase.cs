using Microsoft.Data.Sqlite;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Host.Storage;

/// <summary>The host's SQLite database. One connection, used by one caller at a time: statements are short, and every change is one transaction.</summary>
internal sealed class HostDatabase : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;

    private HostDatabase(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the database, creates it if it is missing, and brings an older schema up to date.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.StateNewer"/>, <see cref="StorageErrors.Full"/> or <see cref="StorageErrors.Failed"/>.</exception>
    public static HostDatabase Open(string path)
    {
        if (!File.Exists(path))
        {
            // SQLite gives its journal files the mode of the database file.
            StateDirectory.OpenFile(path, FileMode.CreateNew).Dispose();
        }

        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
            Schema.Upgrade(connection);
            return new HostDatabase(connection);
        }
        catch (SqliteException failure)
        {
            connection.Dispose();
            throw Translate(failure);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public T Read<T>(Func<SqliteConnection, T> work)
    {
        lock (_gate)
        {
            try
            {
                return work(_connection);
            }
            catch (SqliteException failure)
            {
                throw Translate(failure);
            }
        }
    }

    /// <summary>Runs <paramref name="work"/> in one transaction: all of it is stored when this returns, and none of it if it throws.</summary>
    public T Write<T>(Func<SqliteConnection, T> work) => Read(connection =>
    {
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        T result = work(connection);
        transaction.Commit();
        return result;
    });

    /// <inheritdoc cref="Write{T}"/>
    public void Write(Action<SqliteConnection> work) => Write(connection =>
    {
        work(connection);
        return true;
    });

    public void Dispose()
    {
        lock (_gate)
        {
            _connection.Dispose();
        }
    }

    private static OrchestratorException Translate(SqliteException failure)
    {
        const int Full = 13;
        return failure.SqliteErrorCode == Full
            ? new OrchestratorException(StorageErrors.Full, "The host's database takes no more, the disk is full.", inner: failure)
            : new OrchestratorException(StorageErrors.Failed, $"The host's database refused a statement (SQLite {failure.SqliteErrorCode}).", inner: failure);
    }
}
