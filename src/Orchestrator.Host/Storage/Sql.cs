using Google.Protobuf;
using Microsoft.Data.Sqlite;
using Orchestrator.Crypto;

namespace Orchestrator.Host.Storage;

/// <summary>Statements with named parameters, and rows read by position.</summary>
internal static class Sql
{
    /// <summary>Runs a statement and gives the number of rows that it changed.</summary>
    public static int Execute(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using SqliteCommand command = Prepare(connection, sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>All rows.</summary>
    public static List<T> Query<T>(this SqliteConnection connection, string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using SqliteCommand command = Prepare(connection, sql, parameters);
        using SqliteDataReader reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>One number.</summary>
    public static long Scalar(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using SqliteCommand command = Prepare(connection, sql, parameters);
        return command.ExecuteScalar() is long value ? value : throw new InvalidOperationException("The statement yields no number.");
    }

    public static byte[] Bytes(this SqliteDataReader reader, int column) => reader.GetFieldValue<byte[]>(column);

    public static Digest Digest(this SqliteDataReader reader, int column) => new(reader.Bytes(column));

    public static byte[]? BytesOrNull(this SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.Bytes(column);

    public static T? MessageOrNull<T>(this SqliteDataReader reader, int column, MessageParser<T> parser)
        where T : class, IMessage<T> =>
        reader.BytesOrNull(column) is { } bytes ? parser.ParseFrom(bytes) : null;

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object? value) in parameters)
        {
            object stored = value switch
            {
                null => DBNull.Value,
                Digest digest => digest.ToArray(),
                IMessage message => message.ToByteArray(),
                _ => value,
            };
            command.Parameters.AddWithValue(name, stored);
        }

        return command;
    }
}
