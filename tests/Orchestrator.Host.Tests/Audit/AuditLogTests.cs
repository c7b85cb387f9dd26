using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Audit;
using Orchestrator.Host.Tests.Infrastructure;
using Orchestrator.Tests;

namespace Orchestrator.Host.Tests.Audit;

public class AuditLogTests
{
    public static TheoryData<string> Changes =>
    [
        "UPDATE audit SET entry = CAST(REPLACE(CAST(entry AS TEXT), 'clinic-a', 'clinic-x') AS BLOB) WHERE sequence = 2",
        "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 2",
        "UPDATE audit SET job = zeroblob(32) WHERE sequence = 5",
        "UPDATE audit SET job_sequence = 77 WHERE sequence = 5",
        $"UPDATE audit SET entry = x'ff', hash = x'{AuditEntry.Hash([0xff])}' WHERE sequence = 2",
        "DELETE FROM audit WHERE sequence = 3",
        "DELETE FROM audit WHERE sequence = 1",
        "UPDATE audit SET entry = (SELECT entry FROM audit WHERE sequence = 3), hash = (SELECT hash FROM audit WHERE sequence = 3) WHERE sequence = 2",
    ];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Log_ChangedBehindTheHostsBack_KeepsItFromStarting(string change)
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();
        await job.ProposeAsync();

        OrchestratorException failure = await Assert.ThrowsAsync<OrchestratorException>(() => host.RestartAsync(() => Execute(host, $"DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_cut; {change}")));

        Assert.Equal(HostErrors.AuditBroken, failure.Code);
    }

    // Whoever can write into the file can also compute hashes.
    [Theory]
    [InlineData(2, "clinic-a", "clinic-x")]
    [InlineData(6, "orchestrator/audit/v1", "orchestrator/audit/v2")]
    public async Task Log_WithAnEntryChangedAndItsHashMadeToFit_KeepsTheHostFromStarting(int sequence, string said, string instead)
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.LoginAsync();
        await job.ProposeAsync();
        List<AuditEntry> entries = Entries(host);
        byte[] changed = entries[sequence - 1].Encode();
        int place = changed.AsSpan().IndexOf(Encoding.UTF8.GetBytes(said));
        Encoding.UTF8.GetBytes(instead).CopyTo(changed, place);

        OrchestratorException failure = await Assert.ThrowsAsync<OrchestratorException>(() => host.RestartAsync(() => Execute(
            host,
            "DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_cut; " +
            $"UPDATE audit SET entry = x'{Convert.ToHexString(changed)}', hash = x'{AuditEntry.Hash(changed)}' WHERE sequence = {sequence}")));

        Assert.Equal(6, entries.Count);
        Assert.Equal(HostErrors.AuditBroken, failure.Code);
    }

    [Theory]
    [InlineData("UPDATE audit SET hash = zeroblob(32) WHERE sequence = 1")]
    [InlineData("DELETE FROM audit")]
    public async Task Log_ByTheDatabaseItself_IsAppendOnly(string change)
    {
        await using TestHost host = await TestHost.StartAsync();

        Assert.Throws<SqliteException>(() => Execute(host, change));
    }

    [Fact]
    public async Task Log_OverRestarts_IsOneChain()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        await client.PutAsync(SealedSample.Create(100));
        await host.RestartAsync();

        Assert.Equal(["host_started", "party_registered", "object_stored", "host_started"], Entries(host).Select(entry => entry.Event.Kind));
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Entry_OfAVector_HasItsEncodingAndHash(string name, string encoding, string hash)
    {
        AuditEntry entry = Sample(name);

        Assert.Equal(encoding, Convert.ToHexStringLower(entry.Encode()));
        Assert.Equal(hash, AuditEntry.Hash(entry.Encode()).ToString());
        Assert.Equal(entry.Encode(), AuditEntry.Decode(Convert.FromHexString(encoding)).Encode());
    }

    public static TheoryData<string, string, string> Vectors()
    {
        var vectors = new TheoryData<string, string, string>();
        using JsonDocument document = Tree.Vectors("audit-log", "entries.json");
        foreach (JsonElement vector in document.RootElement.GetProperty("entries").EnumerateArray())
        {
            vectors.Add(vector.GetProperty("name").GetString()!, vector.GetProperty("encoding").GetString()!, vector.GetProperty("hash").GetString()!);
        }

        return vectors;
    }

    // The entries of the specification's worked example, a chain of three.
    private static AuditEntry Sample(string name) => name switch
    {
        "host_started" => new AuditEntry(1, default, 1_767_225_600_000, 0, new AuditEvent("host_started") { Text = "Version 0.1.0." }),
        "approved" => new AuditEntry(2, AuditEntry.Hash(Sample("host_started").Encode()), 1_767_225_601_000, 2, new AuditEvent("approved") { Job = Digest.Of("job"u8), State = JobState.Proposed, Party = "clinic-a" }),
        "failed" => new AuditEntry(3, AuditEntry.Hash(Sample("approved").Encode()), 1_767_225_602_000, 3, new AuditEvent("failed")
        {
            Job = Digest.Of("job"u8),
            State = JobState.Failed,
            Text = "Refused by clinic-a.",
            Error = new ErrorDetail
            {
                Code = "release-refused",
                Message = "Refused by clinic-a.",
                Remedy = "See the denials.",
                Denials = { new Denial { Code = "evidence-debug", Claim = "debug", Expected = "false", Observed = "true", PolicyOf = "clinic-a", Remedy = "Use a device without debug access." } },
            },
            Progress = new Progress { Epoch = 1, Epochs = 5, FramesRead = 12, BytesRead = 3456 },
        }),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static List<AuditEntry> Entries(TestHost host)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(host.State, "host.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT entry FROM audit ORDER BY sequence";
        using SqliteDataReader reader = command.ExecuteReader();
        var entries = new List<AuditEntry>();
        while (reader.Read())
        {
            entries.Add(AuditEntry.Decode(reader.GetFieldValue<byte[]>(0)));
        }

        return entries;
    }

    private static void Execute(TestHost host, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(host.State, "host.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
