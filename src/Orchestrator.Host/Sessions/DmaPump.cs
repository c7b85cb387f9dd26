using System.Buffers;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Transfers;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;
using Orchestrator.Host.Objects;

namespace Orchestrator.Host.Sessions;

/// <summary>
/// Answers what a device asks of stored objects, in the order of its questions, and takes its outputs. Reading an answer
/// from the disk, sending the one before, and the device's own work go on at the same time.
/// </summary>
/// <param name="inputs">By stream.</param>
/// <param name="outputs">Where they go.</param>
/// <param name="checkpoints">Where they go.</param>
/// <param name="progress">Hears of every epoch.</param>
/// <param name="door">Where the device hands out memory to share with it; empty moves frames by gRPC.</param>
internal sealed class DmaPump(IReadOnlyDictionary<uint, StoredObject> inputs, OutputSet outputs, CheckpointIntake checkpoints, Action<RunProgress> progress, string door = "")
{
    /// <summary>Answers that are read ahead of the network. With frames of at most 16 MiB this bounds the pump's memory.</summary>
    private const int MaximumAnswersAhead = 8;

    /// <summary>The device's codes for tiles that are gone (docs/spec/device.md).</summary>
    private static readonly string[] s_tilesGone = ["device-tiles-lost", "device-tiles-crashed"];

    /// <summary>Leaf hashes in one answer: 2 MiB of them.</summary>
    private const uint MaximumLeaves = 1 << 16;

    private readonly Channel<Task<Answer>> _answers = Channel.CreateBounded<Task<Answer>>(new BoundedChannelOptions(MaximumAnswersAhead) { SingleReader = true });

    /// <summary>Relays a party's withdrawal: the device is to finish its epoch. Without effect when the run is over.</summary>
    public async Task FinishEpochAsync(ReadOnlyMemory<byte> withdrawal, CancellationToken cancellationToken)
    {
        var finish = new HostTransfer { FinishEpoch = new FinishEpoch { Withdrawal = ByteString.CopyFrom(withdrawal.Span) } };
        while (await _answers.Writer.WaitToWriteAsync(cancellationToken) && !_answers.Writer.TryWrite(Task.FromResult(new Answer(finish))))
        {
        }
    }

    /// <summary>Serves one run to its end, once.</summary>
    /// <returns>The device's receipt, and how long it trained.</returns>
    /// <exception cref="JobFailedException">The device raised an exception.</exception>
    /// <exception cref="OrchestratorException">The device went away, lost its tiles or broke the protocol, or an output cannot be stored.</exception>
    public async Task<Finished> RunAsync(Dma.DmaClient device, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using AsyncDuplexStreamingCall<HostTransfer, DeviceTransfer> call = device.Run(cancellationToken: ended.Token);
        Channel<Task<Answer>> answers = _answers;
        using var filler = FrameFiller.TryConnect(door);
        await call.RequestStream.WriteAsync(new HostTransfer { Start = new StartRun { Ticket = ByteString.CopyFrom(filler is null ? [] : filler.Ticket.Span) } }, ended.Token);
        Task filling = filler is null ? Task.CompletedTask : Task.Factory.StartNew(() => filler.Serve(Fill), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task sending = SendAsync(answers.Reader, call.RequestStream, ended);
        try
        {
            return await ListenAsync(call.ResponseStream, answers.Writer, ended.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Sending failed and ended the call; its failure is the reason.
            await sending;
            throw;
        }
        finally
        {
            answers.Writer.TryComplete();
            await ended.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            filler?.Dispose();
            await filling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await DrainAsync(answers.Reader);
        }
    }

    private async Task<Finished> ListenAsync(IAsyncStreamReader<DeviceTransfer> requests, ChannelWriter<Task<Answer>> answers, CancellationToken cancellationToken)
    {
        while (await requests.MoveNext(cancellationToken))
        {
            DeviceTransfer request = requests.Current;
            switch (request.TransferCase)
            {
                case DeviceTransfer.TransferOneofCase.ReadFrame:
                    await answers.WriteAsync(ReadFrameAsync(request.ReadFrame, cancellationToken), cancellationToken);
                    break;
                case DeviceTransfer.TransferOneofCase.ReadLeaves:
                    await answers.WriteAsync(Task.FromResult(ReadLeaves(request.ReadLeaves)), cancellationToken);
                    break;
                case DeviceTransfer.TransferOneofCase.ReadPrologue:
                    await answers.WriteAsync(Task.FromResult(ReadPrologue(request.ReadPrologue)), cancellationToken);
                    break;
                case DeviceTransfer.TransferOneofCase.WriteOutput:
                    outputs.Write(request.WriteOutput);
                    break;
                case DeviceTransfer.TransferOneofCase.WriteCheckpoint:
                    checkpoints.Write(request.WriteCheckpoint);
                    break;
                case DeviceTransfer.TransferOneofCase.Progress:
                    progress(request.Progress);
                    break;
                case DeviceTransfer.TransferOneofCase.Finished:
                    return request.Finished;
                case DeviceTransfer.TransferOneofCase.Exception:
                    throw EndedBy(RpcErrors.Printable(request.Exception));
                default:
                    throw new OrchestratorException(HostErrors.DeviceProtocol, "The device sent a message of no known kind.");
            }
        }

        throw new OrchestratorException(HostErrors.DeviceAway, "The device ended the run without a result.");
    }

    // Tiles that crash are a device that goes away: nothing is wrong with the job as far as anyone knows, and the next attempt gets fresh ones.
    private static Exception EndedBy(ErrorDetail exception) => s_tilesGone.Contains(exception.Code)
        ? new OrchestratorException(new ErrorCode(exception.Code, ErrorClass.Unavailable, exception.Message, exception.Remedy), exception.Message)
        : new JobFailedException(exception);

    private static async Task SendAsync(ChannelReader<Task<Answer>> answers, IClientStreamWriter<HostTransfer> device, CancellationTokenSource ended)
    {
        try
        {
            await foreach (Task<Answer> pending in answers.ReadAllAsync(ended.Token))
            {
                using Answer answer = await pending;
                await device.WriteAsync(answer.Message, ended.Token);
            }
        }
        catch
        {
            await ended.CancelAsync();
            throw;
        }
    }

    private static async Task DrainAsync(ChannelReader<Task<Answer>> answers)
    {
        while (answers.TryRead(out Task<Answer>? pending))
        {
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (pending.IsCompletedSuccessfully)
            {
                pending.Result.Dispose();
            }
        }
    }

    // Straight from the file into the memory that the device reads.
    private int Fill(uint stream, ulong index, Span<byte> slot)
    {
        const int NotAvailable = -1;
        if (!inputs.TryGetValue(stream, out StoredObject? stored) || index >= (ulong)stored.Layout.FrameCount)
        {
            return NotAvailable;
        }

        (long offset, int length) = stored.Layout.FrameRange((long)index);
        try
        {
            return length <= slot.Length ? stored.Read(slot[..length], offset) : NotAvailable;
        }
        catch (OrchestratorException)
        {
            return NotAvailable;
        }
    }

    private async Task<Answer> ReadFrameAsync(ReadFrame request, CancellationToken cancellationToken)
    {
        if (!inputs.TryGetValue(request.Stream, out StoredObject? stored) || request.Index >= (ulong)stored.Layout.FrameCount)
        {
            return Unavailable(request.Stream, request.Index, "The stored object has no such frame.");
        }

        (long offset, int length) = stored.Layout.FrameRange((long)request.Index);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            int count = await stored.ReadAsync(buffer.AsMemory(0, length), offset, cancellationToken);
            var frame = new Frame { Stream = request.Stream, Index = request.Index, Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, count)) };
            return new Answer(new HostTransfer { Frame = frame }, buffer);
        }
        catch (OrchestratorException failure)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return Unavailable(request.Stream, request.Index, failure.Message);
        }
    }

    private Answer ReadLeaves(ReadLeaves request)
    {
        if (!inputs.TryGetValue(request.Stream, out StoredObject? stored)
            || request.Count is 0 or > MaximumLeaves
            || request.First >= (ulong)stored.Layout.FrameCount
            || request.Count > (ulong)stored.Layout.FrameCount - request.First)
        {
            return Unavailable(request.Stream, request.First, "The stored object has no such leaves.");
        }

        try
        {
            byte[] hashes = stored.ReadLeaves((long)request.First, (int)request.Count);
            return new Answer(new HostTransfer { Leaves = new Leaves { Stream = request.Stream, First = request.First, Hashes = UnsafeByteOperations.UnsafeWrap(hashes) } });
        }
        catch (OrchestratorException failure)
        {
            return Unavailable(request.Stream, request.First, failure.Message);
        }
    }

    private Answer ReadPrologue(ReadPrologue request) => inputs.TryGetValue(request.Stream, out StoredObject? stored)
        ? new Answer(new HostTransfer { Prologue = new Prologue { Stream = request.Stream, Data = UnsafeByteOperations.UnsafeWrap(stored.Layout.Prologue.Bytes) } })
        : Unavailable(request.Stream, 0, "The job has no such stream.");

    private static Answer Unavailable(uint stream, ulong index, string reason) =>
        new(new HostTransfer { Unavailable = new Unavailable { Stream = stream, Index = index, Reason = reason } });

    /// <summary>A message, and the pooled buffer that it speaks from until it is sent.</summary>
    private sealed class Answer(HostTransfer message, byte[]? buffer = null) : IDisposable
    {
        public HostTransfer Message => message;

        public void Dispose()
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
