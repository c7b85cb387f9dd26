using System.Globalization;

namespace Grpc.Tests.Harness;

/// <summary>A peer that serves.</summary>
public sealed class ServerPeer : IAsyncDisposable
{
    private const string Announcement = "listening ";

    private readonly PeerProcess process;

    private ServerPeer(PeerProcess process, int port)
    {
        this.process = process;
        Port = port;
    }

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port { get; }

    internal static async Task<ServerPeer> StartAsync<TKind>(IEnumerable<string> arguments)
        where TKind : IPeerKind
    {
        PeerProcess process = PeerProcess.Start<TKind>(["serve", .. arguments]);
        string line = await process.ReadLineAsync();
        Assert.StartsWith(Announcement, line, StringComparison.Ordinal);
        return new ServerPeer(process, int.Parse(line.AsSpan(Announcement.Length), CultureInfo.InvariantCulture));
    }

    internal Task KillAsync() => process.KillAsync();

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
