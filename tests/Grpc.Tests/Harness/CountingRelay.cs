using System.Net;
using System.Net.Sockets;

namespace Grpc.Tests.Harness;

/// <summary>Passes TCP connections on to a port of 127.0.0.1 and counts the bytes each way.</summary>
internal sealed class CountingRelay : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Task accepting;
    private long sent;
    private long received;

    internal CountingRelay(int target)
    {
        listener.Start();
        accepting = AcceptAsync(target);
    }

    internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Bytes from clients to the server.</summary>
    internal long Sent => Interlocked.Read(ref sent);

    /// <summary>Bytes from the server to clients.</summary>
    internal long Received => Interlocked.Read(ref received);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    private async Task AcceptAsync(int target)
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(RelayAsync(await listener.AcceptTcpClientAsync(stopping.Token), target));
            }
        }
        finally
        {
            await Task.WhenAll(connections).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RelayAsync(TcpClient client, int target)
    {
        using var server = new TcpClient();
        using (client)
        {
            await server.ConnectAsync(IPAddress.Loopback, target, stopping.Token);
            Task up = CopyAsync(client.GetStream(), server, count => Interlocked.Add(ref sent, count));
            Task down = CopyAsync(server.GetStream(), client, count => Interlocked.Add(ref received, count));
            await Task.WhenAll(up, down);
        }
    }

    private async Task CopyAsync(NetworkStream from, TcpClient to, Action<int> count)
    {
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = await from.ReadAsync(buffer, stopping.Token)) > 0)
        {
            count(read);
            await to.GetStream().WriteAsync(buffer.AsMemory(0, read), stopping.Token);
        }

        to.Client.Shutdown(SocketShutdown.Send);
    }
}
