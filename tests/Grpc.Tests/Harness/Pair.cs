namespace Grpc.Tests.Harness;

/// <summary>A client and a server of two kinds, connected over one transport, for the tests of one class.</summary>
public sealed class Pair<TClient, TServer, TTransport> : IAsyncLifetime
    where TClient : IPeerKind
    where TServer : IPeerKind
    where TTransport : ITransport
{
    /// <summary>The longest message, in bytes, that either side takes.</summary>
    public const int MessageLimit = 64 * 1024 * 1024;

    private readonly CertificateFiles certificate = new();
    private ServerPeer? server;
    private ClientPeer? client;

    /// <summary>What the machine lacks, or null.</summary>
    public static string? Missing => TClient.Missing ?? TServer.Missing;

    /// <summary>The client of most tests.</summary>
    public ClientPeer Client => client!;

    /// <summary>The server of most tests.</summary>
    public ServerPeer Server => server!;

    public async ValueTask InitializeAsync()
    {
        if (Missing is null)
        {
            server = await StartServerAsync();
            client = StartClient(server.Port);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (client?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (server?.DisposeAsync() ?? ValueTask.CompletedTask);
        certificate.Dispose();
    }

    /// <summary>Another server, for a test that needs one of its own.</summary>
    public Task<ServerPeer> StartServerAsync(params string[] arguments) => ServerPeer.StartAsync<TServer>(
        TTransport.Encrypted
            ? ["--limit", $"{MessageLimit}", "--certificate", certificate.Certificate, "--key", certificate.Key, .. arguments]
            : ["--limit", $"{MessageLimit}", .. arguments]);

    /// <summary>Another client, for a test that needs one of its own.</summary>
    public ClientPeer StartClient(int port, params string[] arguments) => StartClientTrusting(certificate, port, arguments);

    /// <summary>Another client with another root of trust.</summary>
    public ClientPeer StartClientTrusting(CertificateFiles root, int port, params string[] arguments) => ClientPeer.Start<TClient>(
        port,
        TTransport.Encrypted
            ? ["--limit", $"{MessageLimit}", "--root", root.Certificate, .. arguments]
            : ["--limit", $"{MessageLimit}", .. arguments]);
}
