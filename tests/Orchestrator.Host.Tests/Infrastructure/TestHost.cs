using Microsoft.Extensions.Logging;

namespace Orchestrator.Host.Tests.Infrastructure;

/// <summary>A host in this process, on a folder of its own that outlives its restarts.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly HostOptions _options;

    private TestHost(HostOptions options) => _options = options;

    public TestClock Clock { get; } = new();

    public LogWatch Log { get; } = new();

    public HostServer Server { get; private set; } = null!;

    public string State => _options.State;

    public static async Task<TestHost> StartAsync(Func<HostOptions, HostOptions>? configure = null)
    {
        var options = new HostOptions { State = Directory.CreateTempSubdirectory("host-").FullName };
        var host = new TestHost(configure?.Invoke(options) ?? options);
        await host.StartServerAsync();
        return host;
    }

    public async Task RestartAsync(Action? whileStopped = null)
    {
        await Server.DisposeAsync();
        whileStopped?.Invoke();
        await StartServerAsync();
    }

    public async Task StartServerAsync() => Server = await HostServer.StartAsync(_options, Clock, logging => logging.AddProvider(Log));

    /// <summary>A client that is not logged in.</summary>
    public HostClient Connect(TestParty party) => new(Server.Address, Server.Fingerprint, party);

    /// <summary>A client that is registered and logged in.</summary>
    public async Task<HostClient> LoginAsync(TestParty party)
    {
        HostClient client = Connect(party);
        await client.RegisterAsync();
        await client.LoginAsync();
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(State, recursive: true);
    }
}
