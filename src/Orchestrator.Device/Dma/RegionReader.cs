using System.Net.Sockets;
using System.Threading.Channels;
using Orchestrator.Contracts.Transfers;
using Orchestrator.Errors;

namespace Orchestrator.Device.Dma;

/// <summary>
/// The device's end of a <see cref="DmaRegion"/>. The host may write into it at any time: every word is read once and judged by that reading,
/// and a frame is copied out before anything looks at it.
/// </summary>
public sealed class RegionReader : IDisposable
{
    private const int NotAvailable = -1;

    private readonly DmaRegion _region;
    private readonly Socket _host;
    private readonly Channel<int> _free = Channel.CreateUnbounded<int>();
    private readonly Request?[] _requests;
    private readonly SemaphoreSlim _ringing = new(1);
    private int _number;

    /// <param name="region">The region; owned.</param>
    /// <param name="host">Connected to whoever fills it; owned.</param>
    public RegionReader(DmaRegion region, Socket host)
    {
        ArgumentNullException.ThrowIfNull(region);
        _region = region;
        _host = host;
        _requests = new Request?[region.Slots];
        for (int slot = 0; slot < region.Slots; slot++)
        {
            _free.Writer.TryWrite(slot);
        }
    }

    /// <summary>Has a frame fetched, and copies it.</summary>
    /// <param name="stream">The stream's id.</param>
    /// <param name="index">The frame's index.</param>
    /// <param name="destination">Room for the largest frame that can be right.</param>
    /// <param name="cancellation">Ends the run: the slot is not used again.</param>
    /// <returns>The frame's length; if it is greater than the room, nothing was copied.</returns>
    public async Task<int> ReadAsync(int stream, long index, Memory<byte> destination, CancellationToken cancellation)
    {
        int slot = await _free.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        var request = new Request(Interlocked.Increment(ref _number), stream, index);
        Volatile.Write(ref _requests[slot], request);
        _region.Ask(slot, request.Number, (uint)stream, (ulong)index);
        await RingAsync((byte)slot, cancellation).ConfigureAwait(false);
        int length = await request.Answer.Task.WaitAsync(cancellation).ConfigureAwait(false);
        if (length <= destination.Length)
        {
            _region.Frame(slot)[..length].CopyTo(destination);
        }

        _free.Writer.TryWrite(slot);
        return length;
    }

    /// <summary>Takes answers until the host hangs up or breaks the rules.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.HostLost"/>, <see cref="DeviceErrors.TransferUnexpected"/> or <see cref="DeviceErrors.DataUnavailable"/>.</exception>
    public async Task ListenAsync()
    {
        byte[] bells = new byte[DmaRegion.MaxSlots];
        try
        {
            int count;
            while ((count = await _host.ReceiveAsync(bells.AsMemory()).ConfigureAwait(false)) > 0)
            {
                Array.ForEach(bells[..count], Take);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new OrchestratorException(DeviceErrors.HostLost, DeviceErrors.HostLost.Meaning, inner: e);
        }

        throw new OrchestratorException(DeviceErrors.HostLost, "The host hung up its region in the middle of the run.");
    }

    /// <summary>Ends <see cref="ListenAsync"/>.</summary>
    public void HangUp() => _host.Dispose();

    /// <summary>Unmaps; no read may be under way, and listening must have ended.</summary>
    public void Dispose()
    {
        HangUp();
        _region.Dispose();
        _ringing.Dispose();
    }

    private void Take(byte slot)
    {
        if (slot >= _requests.Length || Interlocked.Exchange(ref _requests[slot], null) is not { } request)
        {
            throw Unexpected($"The host answered in slot {slot}, where nothing was asked.");
        }

        (int number, int length) = _region.Answered(slot);
        if (number != request.Number)
        {
            throw Unexpected($"The host answered request {number} of slot {slot} instead of {request.Number}.");
        }

        if (length == NotAvailable)
        {
            throw new OrchestratorException(DeviceErrors.DataUnavailable, $"The host has not got frame {request.Index} of stream {request.Stream}.");
        }

        if (length < 0 || length > _region.SlotSize)
        {
            throw Unexpected($"The host says that slot {slot} holds {length} bytes of {_region.SlotSize}.");
        }

        request.Answer.SetResult(length);
    }

    private async Task RingAsync(byte slot, CancellationToken cancellation)
    {
        await _ringing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await _host.SendAsync(new[] { slot }, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new OrchestratorException(DeviceErrors.HostLost, DeviceErrors.HostLost.Meaning, inner: e);
        }
        finally
        {
            _ringing.Release();
        }
    }

    private static OrchestratorException Unexpected(string what) => new(DeviceErrors.TransferUnexpected, what);

    private sealed record Request(int Number, int Stream, long Index)
    {
        public TaskCompletionSource<int> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
