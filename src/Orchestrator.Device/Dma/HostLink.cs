using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Device.Dma;

/// <summary>
/// The device's end of one transfer with an untrusted host: asks for parts of streams by name and takes only what it asked
/// for. Reads may overlap; at most one of the same part is outstanding.
/// </summary>
public sealed class HostLink
{
    /// <summary>Leaf hashes asked for at a time.</summary>
    public const int LeavesPerRead = 16384;

    private readonly IAsyncStreamReader<HostTransfer> _fromHost;
    private readonly IServerStreamWriter<DeviceTransfer> _toHost;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<Part, TaskCompletionSource<ByteString>> _outstanding = new();
    private RegionReader? _region;

    /// <param name="fromHost">What the host sends.</param>
    /// <param name="toHost">What it gets.</param>
    public HostLink(IAsyncStreamReader<HostTransfer> fromHost, IServerStreamWriter<DeviceTransfer> toHost)
    {
        _fromHost = fromHost;
        _toHost = toHost;
    }

    private enum PartKind
    {
        Prologue,
        Leaves,
        Frame,
    }

    /// <summary>Takes the withdrawals that the host relays; what it throws ends the run.</summary>
    public Action<ReadOnlyMemory<byte>>? Withdrawn { get; set; }

    /// <summary>Fails when the host goes away, breaks the rules or calls the run off; it never succeeds. Codes: <see cref="DeviceErrors.HostLost"/>,
    /// <see cref="DeviceErrors.RunCancelled"/>, <see cref="DeviceErrors.TransferUnexpected"/> or <see cref="DeviceErrors.DataUnavailable"/>.</summary>
    public Task Failure => _failure.Task;

    /// <summary>Takes what the host sends until it ends its side. After a failure it still reads, so that the host is not
    /// cut off before it has heard why, but to no effect.</summary>
    public async Task ListenAsync(CancellationToken cancellation)
    {
        try
        {
            while (await _fromHost.MoveNext(cancellation).ConfigureAwait(false))
            {
                Dispatch(_fromHost.Current);
            }

            Fail(new OrchestratorException(DeviceErrors.HostLost, "The host ended the transfer in the middle of the run."));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.ResourceExhausted)
        {
            Fail(new OrchestratorException(DeviceErrors.TransferUnexpected, "The host sent a message larger than any that the device asked for.", inner: e));
        }
        catch (InvalidProtocolBufferException e)
        {
            Fail(new OrchestratorException(DeviceErrors.TransferUnexpected, "The host sent a message that cannot be read.", inner: e));
        }
        catch (Exception e) when (e is IOException or RpcException or OperationCanceledException)
        {
            Fail(new OrchestratorException(DeviceErrors.HostLost, DeviceErrors.HostLost.Meaning, inner: e));
        }
        catch (Exception e)
        {
            // Whatever it is: who waits for an answer must not wait for ever.
            Fail(new OrchestratorException(DeviceErrors.Failed, DeviceErrors.Failed.Meaning, inner: e));
        }
    }

    /// <summary>Reads everything before a stream's first frame.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadPrologueAsync(int stream, CancellationToken cancellation) => (await ReadAsync(
        new Part(PartKind.Prologue, stream, 0), new DeviceTransfer { ReadPrologue = new ReadPrologue { Stream = (uint)stream } }, cancellation).ConfigureAwait(false)).Memory;

    /// <summary>Reads leaf hashes of frames, <paramref name="count"/> from <paramref name="first"/> on.</summary>
    public async Task<Digest[]> ReadLeavesAsync(int stream, long first, int count, CancellationToken cancellation)
    {
        var request = new DeviceTransfer { ReadLeaves = new ReadLeaves { Stream = (uint)stream, First = (ulong)first, Count = (uint)count } };
        ByteString hashes = await ReadAsync(new Part(PartKind.Leaves, stream, first), request, cancellation).ConfigureAwait(false);
        return hashes.Length == (long)count * Digest.Size
            ? [.. Enumerable.Range(0, count).Select(i => new Digest(hashes.Span.Slice(i * Digest.Size, Digest.Size)))]
            : throw new OrchestratorException(DeviceErrors.TransferUnexpected, $"The host sent {hashes.Length} bytes of leaf hashes of stream {stream} instead of {count} hashes.");
    }

    /// <summary>From now on frames come by shared memory.</summary>
    public async Task UseAsync(RegionReader region)
    {
        ArgumentNullException.ThrowIfNull(region);
        _region = region;
        try
        {
            await region.ListenAsync().ConfigureAwait(false);
        }
        catch (OrchestratorException e)
        {
            Fail(e);
        }
    }

    /// <summary>Reads a sealed frame into memory that the host does not share.</summary>
    /// <param name="stream">The stream's id.</param>
    /// <param name="index">The frame's index.</param>
    /// <param name="destination">Room for the largest frame that can be right.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The frame's length; if it is greater than the room, nothing was copied.</returns>
    public async Task<int> ReadFrameAsync(int stream, long index, Memory<byte> destination, CancellationToken cancellation)
    {
        if (_region is not null)
        {
            return await _region.ReadAsync(stream, index, destination, cancellation).ConfigureAwait(false);
        }

        var request = new DeviceTransfer { ReadFrame = new ReadFrame { Stream = (uint)stream, Index = (ulong)index } };
        ByteString frame = await ReadAsync(new Part(PartKind.Frame, stream, index), request, cancellation).ConfigureAwait(false);
        if (frame.Length <= destination.Length)
        {
            frame.Memory.CopyTo(destination);
        }

        return frame.Length;
    }

    /// <summary>Sends a message that asks for nothing.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.HostLost"/>.</exception>
    public async Task SendAsync(DeviceTransfer message, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await _toHost.WriteAsync(message, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or RpcException or InvalidOperationException)
        {
            throw new OrchestratorException(DeviceErrors.HostLost, DeviceErrors.HostLost.Meaning, inner: e);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task<ByteString> ReadAsync(Part part, DeviceTransfer request, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<ByteString>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_outstanding.TryAdd(part, answer))
        {
            throw new InvalidOperationException($"A read of {part} is outstanding already.");
        }

        await SendAsync(request, cancellation).ConfigureAwait(false);
        return await answer.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private void Dispatch(HostTransfer transfer)
    {
        switch (transfer.TransferCase)
        {
            case HostTransfer.TransferOneofCase.Prologue:
                Answer(new Part(PartKind.Prologue, unchecked((int)transfer.Prologue.Stream), 0), transfer.Prologue.Data);
                break;
            case HostTransfer.TransferOneofCase.Leaves:
                Answer(new Part(PartKind.Leaves, unchecked((int)transfer.Leaves.Stream), unchecked((long)transfer.Leaves.First)), transfer.Leaves.Hashes);
                break;
            case HostTransfer.TransferOneofCase.Frame:
                Answer(new Part(PartKind.Frame, unchecked((int)transfer.Frame.Stream), unchecked((long)transfer.Frame.Index)), transfer.Frame.Data);
                break;
            case HostTransfer.TransferOneofCase.Unavailable:
                Fail(new OrchestratorException(DeviceErrors.DataUnavailable, $"The host has not got frame {transfer.Unavailable.Index} of stream {transfer.Unavailable.Stream}."));
                break;
            case HostTransfer.TransferOneofCase.FinishEpoch when Withdrawn is not null:
                Relay(transfer.FinishEpoch.Withdrawal.Memory);
                break;
            case HostTransfer.TransferOneofCase.Cancel:
                Fail(new OrchestratorException(DeviceErrors.RunCancelled, DeviceErrors.RunCancelled.Meaning));
                break;
            default:
                Fail(new OrchestratorException(DeviceErrors.TransferUnexpected, $"The host sent a message of the kind {transfer.TransferCase}."));
                break;
        }
    }

    private void Answer(Part part, ByteString data)
    {
        if (_outstanding.TryRemove(part, out TaskCompletionSource<ByteString>? answer))
        {
            answer.SetResult(data);
        }
        else
        {
            Fail(new OrchestratorException(DeviceErrors.TransferUnexpected, $"The host sent {part}, which the device did not ask for."));
        }
    }

    private void Relay(ReadOnlyMemory<byte> withdrawal)
    {
        try
        {
            Withdrawn!(withdrawal);
        }
        catch (OrchestratorException e)
        {
            Fail(e);
        }
    }

    private void Fail(OrchestratorException failure) => _failure.TrySetException(failure);

    private readonly record struct Part(PartKind Kind, int Stream, long First)
    {
        public override string ToString() => $"{Kind.ToString().ToLowerInvariant()} {First} of stream {Stream}";
    }
}
