using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Orchestrator.Contracts.Transfers;
using Orchestrator.Crypto.IO.Memory;
using Orchestrator.Errors;

namespace Orchestrator.Device.Dma;

/// <summary>
/// Where a host on the same machine comes for its region. A connection says which run it belongs to by the run's ticket; it carries the
/// region's descriptor, then one byte for every request and answer, and its end tells either side that the other is gone.
/// </summary>
public sealed partial class DmaDoor : IDisposable
{
    /// <summary>Reads that can be under way at once.</summary>
    public const int Slots = 8;

    private const int MaximumWaiting = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Dictionary<string, TaskCompletionSource<Socket>> _expected = [];
    private readonly List<(string Ticket, Socket Host)> _waiting = [];
    private readonly ILogger _log;
    private readonly TimeProvider _time;

    /// <summary>Opens the door.</summary>
    public DmaDoor(TimeProvider time, ILogger<DmaDoor> log)
    {
        _time = time;
        _log = log;
        _listener.Bind(new UnixDomainSocketEndPoint("\0" + Name));
        _listener.Listen(MaximumWaiting);
        _ = AcceptAsync();
    }

    /// <summary>Its address in the abstract namespace: nothing is left on a disk, and only this machine sees it.</summary>
    public string Name { get; } = $"orchestrator-dma-{RandomNumberGenerator.GetHexString(32, lowercase: true)}";

    /// <summary>Makes the region of a run and passes it to the host that shows the ticket.</summary>
    /// <param name="ticket">As in StartRun.</param>
    /// <param name="largestFrame">Bytes of the largest sealed frame of the job.</param>
    /// <param name="cancellation">The run's end.</param>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.TransferUnexpected"/>: nobody came.</exception>
    public async Task<RegionReader> OpenAsync(ReadOnlyMemory<byte> ticket, int largestFrame, CancellationToken cancellation)
    {
        string name = Convert.ToHexString(ticket.Span);
        Task<Socket> visit = Expect(name);
        try
        {
            Socket host = await visit.WaitAsync(Patience, _time, cancellation).ConfigureAwait(false);
            DmaRegion region = DmaRegion.Create(Slots, largestFrame);
            DescriptorPassing.Send(host, region.File);
            return new RegionReader(region, host);
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            throw new OrchestratorException(DeviceErrors.TransferUnexpected, "The host began a run with shared memory and did not come for it.", inner: e);
        }
        finally
        {
            lock (_waiting)
            {
                _expected.Remove(name);
            }
        }
    }

    /// <summary>Closes the door; connections that a run has taken stay.</summary>
    public void Dispose()
    {
        _listener.Dispose();
        lock (_waiting)
        {
            _waiting.ForEach(visitor => visitor.Host.Dispose());
            _waiting.Clear();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = AdmitAsync(await _listener.AcceptAsync().ConfigureAwait(false));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            LogClosed();
        }
    }

    // Whoever shows no ticket in time, or one that no run comes for, is sent away.
    private async Task AdmitAsync(Socket host)
    {
        byte[] ticket = new byte[FrameFiller.TicketSize];
        using var end = new CancellationTokenSource(2 * Patience, _time);
        try
        {
            for (int filled = 0, count; filled < ticket.Length; filled += count)
            {
                count = await host.ReceiveAsync(ticket.AsMemory(filled), end.Token).ConfigureAwait(false);
                if (count == 0)
                {
                    throw new IOException("The host hung up.");
                }
            }
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            host.Dispose();
            return;
        }

        if (!TrySeat(Convert.ToHexString(ticket), host))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            SendAway(host);
        }
    }

    private Task<Socket> Expect(string ticket)
    {
        lock (_waiting)
        {
            int place = _waiting.FindIndex(visitor => visitor.Ticket == ticket);
            if (place >= 0)
            {
                Socket host = _waiting[place].Host;
                _waiting.RemoveAt(place);
                return Task.FromResult(host);
            }

            var visit = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
            _expected[ticket] = visit;
            return visit.Task;
        }
    }

    // Gives a host to its run, or lets it wait where the run has not begun. Strangers can wait there too: where there are many, who has
    // waited longest has to go, so that they keep no later host out.
    private bool TrySeat(string ticket, Socket host)
    {
        lock (_waiting)
        {
            if (_expected.Remove(ticket, out TaskCompletionSource<Socket>? visit))
            {
                visit.SetResult(host);
                return true;
            }

            _waiting.Add((ticket, host));
            if (_waiting.Count > MaximumWaiting)
            {
                SendAway(_waiting[0].Host);
            }

            return false;
        }
    }

    // Unless a run has taken it.
    private void SendAway(Socket host)
    {
        lock (_waiting)
        {
            if (_waiting.RemoveAll(visitor => visitor.Host == host) > 0)
            {
                host.Dispose();
            }
        }
    }

    [LoggerMessage(EventId = 22, Level = LogLevel.Debug, Message = "door closed")]
    private partial void LogClosed();
}
