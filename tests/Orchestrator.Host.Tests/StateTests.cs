using System.Net;
using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests;

public class StateTests
{
    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task State_OnDisk_IsTheOwnersAlone()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample whole = SealedSample.Create(100);
        SealedSample begun = SealedSample.Create(200);
        await client.PutAsync(whole);
        await client.PutAsync(begun.Digest, begun.Bytes.Length, 0, begun.Bytes.AsMemory(0, 100));

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        string[] paths = [.. Directory.EnumerateFileSystemEntries(host.State, "*", SearchOption.AllDirectories)];
        Assert.True(paths.Length > 9);
        Assert.All(paths, path => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & Others));
    }

    [Fact]
    public async Task State_OfARunningHost_IsRefusedToASecond()
    {
        await using TestHost host = await TestHost.StartAsync();

        await ExpectStartAsync(HostErrors.StateInUse, new HostOptions { State = host.State });
    }

    [Fact]
    public async Task State_OfALaterVersion_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();

        OrchestratorException failure = await Assert.ThrowsAsync<OrchestratorException>(() => host.RestartAsync(() =>
        {
            using var connection = new SqliteConnection($"Data Source={Path.Combine(host.State, "host.db")};Pooling=False");
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        }));

        Assert.Equal(HostErrors.StateNewer, failure.Code);
    }

    [Fact]
    public async Task State_WhereAFileStands_IsRefused()
    {
        string file = Path.GetTempFileName();

        await ExpectStartAsync(HostErrors.StateUnusable, new HostOptions { State = file });
    }

    [Fact]
    public async Task State_WhoseDatabaseIsNone_IsRefused()
    {
        await using TestHost host = await TestHost.StartAsync();

        OrchestratorException failure = await Assert.ThrowsAsync<OrchestratorException>(() => host.RestartAsync(() => File.WriteAllText(Path.Combine(host.State, "host.db"), new string('x', 5000))));

        Assert.Equal(StorageErrors.Failed, failure.Code);
    }

    [Fact]
    public async Task Start_OnAPortInUse_SaysSo()
    {
        await using TestHost host = await TestHost.StartAsync();
        string state = Directory.CreateTempSubdirectory("host-").FullName;

        await ExpectStartAsync(HostErrors.ListenFailed, new HostOptions { State = state, Listen = new IPEndPoint(IPAddress.Loopback, host.Server.Address.Port) });
    }

    [Fact]
    public async Task Sweep_AtTheStart_RemovesWhatNoRowNames()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample whole = SealedSample.Create(100);
        SealedSample begun = SealedSample.Create(200);
        await client.PutAsync(whole);
        await client.PutAsync(begun.Digest, begun.Bytes.Length, 0, begun.Bytes.AsMemory(0, 100));
        string orphan = Path.Combine(host.State, "objects", Digest.Of("x"u8).ToString());
        string output = Path.Combine(host.State, "uploads", "output-1234");

        await host.RestartAsync(() =>
        {
            File.WriteAllText(orphan, "left by a crash");
            File.WriteAllText(output, "left by a crash");
        });

        Assert.Equal([whole.Digest.ToString(), $"{whole.Digest}.leaves"], Files(host, "objects"));
        Assert.Equal(["upload-2", "upload-2.leaves"], Files(host, "uploads"));
    }

    [Fact]
    public async Task Sweep_AfterAMonth_RemovesAbandonedUploads()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        SealedSample begun = SealedSample.Create(200);
        await client.PutAsync(begun.Digest, begun.Bytes.Length, 0, begun.Bytes.AsMemory(0, 100));

        await host.RestartAsync(() => host.Clock.Advance(TimeSpan.FromDays(31)));

        Assert.Empty(Files(host, "uploads"));
    }

    [Fact]
    public async Task ReadyFile_OnceServing_HoldsTheAddress()
    {
        string folder = Directory.CreateTempSubdirectory("host-").FullName;
        string ready = Path.Combine(folder, "ready");
        await using HostServer server = await HostServer.StartAsync(new HostOptions { State = Path.Combine(folder, "state"), ReadyFile = ready });

        Assert.Equal(server.Address, new Uri((await File.ReadAllTextAsync(ready, TestContext.Current.CancellationToken)).Trim()));
    }

    private static string[] Files(TestHost host, string folder) =>
        [.. Directory.GetFiles(Path.Combine(host.State, folder)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static async Task ExpectStartAsync(ErrorCode code, HostOptions options)
    {
        OrchestratorException failure = await Assert.ThrowsAsync<OrchestratorException>(() => HostServer.StartAsync(options));
        Assert.Equal(code, failure.Code);
    }
}
