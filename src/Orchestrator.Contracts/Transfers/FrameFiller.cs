using System.Net.Sockets;
using System.Security.Cryptography;
using Orchestrator.Crypto.IO.Memory;

namespace Orchestrator.Contracts.Transfers;

/// <summary>Writes a frame into a slot; the number of bytes, or -1 if there is no such frame.</summary>
public delegate int FrameFill(uint stream, ulong index, Span<byte> slot);

/// <summary>The host's end of a <see cref="DmaRegion"/>: fills slots as the device asks. See docs/spec/device.md.</summary>
public sealed class FrameFiller : IDisposable
{
    /// <summary>Bytes of a ticket.</summary>
    public const int TicketSize = 16;

    private readonly Socket _socket;
    private readonly byte[] _ticket = RandomNumberGenerator.GetBytes(TicketSize);

    private FrameFiller(Socket socket) => _socket = socket;

    /// <summary>Shown to the device in StartRun, so that it knows which connection belongs to the run.</summary>
    public ReadOnlyMemory<byte> Ticket => _ticket;

    /// <summary>Connects to a device's door, if the device is on this machine.</summary>
    /// <param name="door">As in the device's status; empty if it offers none.</param>
    /// <returns><see langword="null"/> if frames have to go by gRPC.</returns>
    public static FrameFiller? TryConnect(string door)
    {
        ArgumentNullException.ThrowIfNull(door);
        if (door.Length == 0)
        {
            return null;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint("\0" + door));
            var filler = new FrameFiller(socket);
            socket.Send(filler._ticket);
            return filler;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Fills slots until the device hangs up or <see cref="Dispose"/> is called. It blocks: give it a thread.</summary>
    /// <exception cref="IOException">The device broke the protocol.</exception>
    public void Serve(FrameFill fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        try
        {
            using DmaRegion region = DmaRegion.Open(DescriptorPassing.Receive(_socket));
            Span<byte> bells = stackalloc byte[DmaRegion.MaxSlots];
            int count;
            while ((count = _socket.Receive(bells)) > 0)
            {
                foreach (byte slot in bells[..count])
                {
                    Fill(region, slot, fill);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Either side hung up.
        }
        finally
        {
            // The device must not wait for a host that has given up.
            Dispose();
        }
    }

    /// <summary>Hangs up.</summary>
    public void Dispose()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is over already.
        }

        _socket.Dispose();
    }

    private void Fill(DmaRegion region, byte slot, FrameFill fill)
    {
        if (slot >= region.Slots)
        {
            throw new IOException($"The device asks for a frame in slot {slot} of {region.Slots}.");
        }

        (int number, uint stream, ulong index) = region.Asked(slot);
        region.Answer(slot, number, fill(stream, index, region.Frame(slot).Span));
        _socket.Send([slot]);
    }
}
