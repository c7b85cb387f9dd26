using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Transfers;
using Orchestrator.Crypto.IO.Memory;

namespace Orchestrator.Attack.Relay;

/// <summary>
/// The host's end of a run's shared memory, in the relay's hand: what the device asks for there the host is asked for by gRPC, and its answer
/// is written into the region, by the attack or as it is.
/// </summary>
internal sealed class RegionRelay : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ConcurrentDictionary<(uint Stream, ulong Index), ConcurrentQueue<RegionSlot>> _asked = [];
    private DmaRegion? _region;
    private Task _serving = Task.CompletedTask;

    /// <param name="door">As in the device's status.</param>
    public RegionRelay(string door)
    {
        _socket.Connect(new UnixDomainSocketEndPoint("\0" + door));
        _socket.Send(Ticket.Span);
    }

    /// <summary>For StartRun.</summary>
    public ByteString Ticket { get; } = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(FrameFiller.TicketSize));

    /// <summary>Asks for what the device asks for, until it hangs up.</summary>
    public void Serve(Action<DeviceTransfer> ask) =>
        _serving = Task.Factory.StartNew(() => PassQuestions(ask), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Takes the host's answer out of the stream, if it is one to such a question.</summary>
    public bool TryFill(HostTransfer answer, Action<RegionSlot> fill)
    {
        (uint stream, ulong index) = (answer.Frame?.Stream ?? answer.Unavailable?.Stream ?? 0, answer.Frame?.Index ?? answer.Unavailable?.Index ?? 0);
        if (!_asked.TryGetValue((stream, index), out ConcurrentQueue<RegionSlot>? slots) || !slots.TryDequeue(out RegionSlot? slot))
        {
            return false;
        }

        try
        {
            slot.Genuine = answer.Frame?.Data.Memory ?? default;
            fill(slot);
        }
        catch (SocketException)
        {
            // The device has hung up.
        }

        return true;
    }

    /// <summary>Hangs up; no answer may be under way.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The device was faster.
        }

        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _region?.Dispose();
    }

    private void PassQuestions(Action<DeviceTransfer> ask)
    {
        _region = DmaRegion.Open(DescriptorPassing.Receive(_socket));
        byte[] bells = new byte[DmaRegion.MaxSlots];
        int count;
        while ((count = _socket.Receive(bells)) > 0)
        {
            foreach (byte bell in bells[..count])
            {
                var slot = new RegionSlot(_region, _socket, bell);
                _asked.GetOrAdd((slot.Stream, slot.Index), _ => []).Enqueue(slot);
                ask(new DeviceTransfer { ReadFrame = new ReadFrame { Stream = slot.Stream, Index = slot.Index } });
            }
        }
    }
}
