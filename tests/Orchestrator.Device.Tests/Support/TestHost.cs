using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Transfers;
using Orchestrator.Crypto.Streams;
using DmaClient = Orchestrator.Contracts.Protocol.Device.Dma.DmaClient;
using MailboxClient = Orchestrator.Contracts.Protocol.Device.Mailbox.MailboxClient;

namespace Orchestrator.Device.Tests.Support;

/// <summary>A host over real gRPC, honest unless a test alters what it answers.</summary>
internal sealed class TestHost : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly IReadOnlyDictionary<int, SealedInput> _inputs;
    private MemoryStream _written = new();

    public TestHost(Uri device, TestJob job)
    {
        _channel = GrpcChannel.ForAddress(device, new GrpcChannelOptions { MaxReceiveMessageSize = 32 << 20 });
        CallInvoker calls = _channel.Intercept(new RpcClientErrors());
        Mailbox = new MailboxClient(calls);
        Dma = new DmaClient(calls);
        _inputs = job.Inputs;
    }

    public MailboxClient Mailbox { get; }

    public DmaClient Dma { get; }

    /// <summary>Whether frames go through shared memory.</summary>
    public bool SharesMemory { get; init; }

    /// <summary>Replaces an answer; <see langword="null"/> sends none.</summary>
    public Func<DeviceTransfer, HostTransfer, HostTransfer?> Alter { get; set; } = (_, answer) => answer;

    /// <summary>Says something before an answer, once.</summary>
    public Func<DeviceTransfer, int, HostTransfer?> Interject { get; set; } = (_, _) => null;

    public Dictionary<string, MemoryStream> Outputs { get; } = [];

    public List<RunProgress> Progress { get; } = [];

    /// <summary>Checkpoints that are whole, in the order in which they were written.</summary>
    public List<StoredCheckpoint> Checkpoints { get; } = [];

    /// <summary>Told of every checkpoint that is whole.</summary>
    public Action<StoredCheckpoint> OnCheckpoint { get; set; } = _ => { };

    /// <summary>What it gives as the checkpoint to resume from.</summary>
    public StoredCheckpoint? Resumed { get; set; }

    /// <summary>Serves a run to its end.</summary>
    /// <returns>The receipt, or what ended the run.</returns>
    public async Task<(byte[]? Receipt, ErrorDetail? Exception)> RunAsync(CancellationToken cancellation = default)
    {
        using AsyncDuplexStreamingCall<HostTransfer, DeviceTransfer> call = Dma.Run(cancellationToken: cancellation);
        string door = SharesMemory ? (await Mailbox.StatusAsync(new StatusRequest(), cancellationToken: cancellation)).DmaDoor : "";
        using var filler = FrameFiller.TryConnect(door);
        Assert.Equal(SharesMemory, filler is not null);
        await call.RequestStream.WriteAsync(new HostTransfer { Start = new StartRun { Ticket = ByteString.CopyFrom(filler is null ? [] : filler.Ticket.Span) } }, cancellation);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task serving = filler is null
            ? Task.CompletedTask
            : Task.Factory.StartNew(() => filler.Serve((stream, index, slot) => Fill(call, ended.Token, stream, index, slot)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return await ServeAsync(call, cancellation);
        }
        finally
        {
            await ended.CancelAsync();
            filler?.Dispose();
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(byte[]? Receipt, ErrorDetail? Exception)> ServeAsync(AsyncDuplexStreamingCall<HostTransfer, DeviceTransfer> call, CancellationToken cancellation)
    {
        while (await call.ResponseStream.MoveNext(cancellation))
        {
            DeviceTransfer request = call.ResponseStream.Current;
            switch (request.TransferCase)
            {
                case DeviceTransfer.TransferOneofCase.WriteOutput:
                    Store(request.WriteOutput);
                    break;
                case DeviceTransfer.TransferOneofCase.WriteCheckpoint:
                    if (Store(request.WriteCheckpoint) is { } whole)
                    {
                        OnCheckpoint(whole);
                    }

                    break;
                case DeviceTransfer.TransferOneofCase.Progress:
                    Progress.Add(request.Progress);
                    break;
                case DeviceTransfer.TransferOneofCase.Finished:
                    return (request.Finished.Receipt.ToByteArray(), null);
                case DeviceTransfer.TransferOneofCase.Exception:
                    return (null, request.Exception);
                default:
                    if (Interject(request, Progress.Count) is { } interjection)
                    {
                        Interject = (_, _) => null;
                        await call.RequestStream.WriteAsync(interjection, cancellation);
                    }

                    if (Alter(request, Answer(request)) is { } answer)
                    {
                        await call.RequestStream.WriteAsync(answer, cancellation);
                    }

                    break;
            }
        }

        throw new InvalidOperationException("The device ended the run without a word.");
    }

    // What a frame's place in shared memory cannot say is said by gRPC.
    private int Fill(AsyncDuplexStreamingCall<HostTransfer, DeviceTransfer> call, CancellationToken ended, uint stream, ulong index, Span<byte> slot)
    {
        var request = new DeviceTransfer { ReadFrame = new ReadFrame { Stream = stream, Index = index } };
        HostTransfer? answer = Alter(request, Answer(request));
        if (answer?.Frame is { } frame && frame.Stream == stream && frame.Index == index && frame.Data.Length <= slot.Length)
        {
            frame.Data.Span.CopyTo(slot);
            return frame.Data.Length;
        }

        if (answer?.Unavailable is not null)
        {
            return -1;
        }

        if (answer is not null)
        {
            call.RequestStream.WriteAsync(answer).GetAwaiter().GetResult();
        }

        ended.WaitHandle.WaitOne();
        throw new OperationCanceledException(ended);
    }

    public HostTransfer Answer(DeviceTransfer request) => request.TransferCase switch
    {
        DeviceTransfer.TransferOneofCase.ReadPrologue => new HostTransfer
        {
            Prologue = new Prologue { Stream = request.ReadPrologue.Stream, Data = ByteString.CopyFrom(_inputs[(int)request.ReadPrologue.Stream].Prologue) },
        },
        DeviceTransfer.TransferOneofCase.ReadLeaves => new HostTransfer { Leaves = LeavesOf(request.ReadLeaves) },
        _ => new HostTransfer { Frame = FrameOf(request.ReadFrame.Stream, request.ReadFrame.Index) },
    };

    public Frame FrameOf(uint stream, ulong index) =>
        new() { Stream = stream, Index = index, Data = ByteString.CopyFrom(StoredFrame((int)stream, (long)index)) };

    public void Dispose() => _channel.Dispose();

    private byte[] StoredFrame(int stream, long index) => stream == 0 ? Resumed!.Frame(index) : _inputs[stream].Frame(index);

    private Leaves LeavesOf(ReadLeaves request)
    {
        IEnumerable<byte> hashes = Enumerable.Range((int)request.First, (int)request.Count).SelectMany(index => MerkleTree.LeafHash(StoredFrame((int)request.Stream, index)).ToArray());
        return new Leaves { Stream = request.Stream, First = request.First, Hashes = ByteString.CopyFrom([.. hashes]) };
    }

    private StoredCheckpoint? Store(WriteCheckpoint piece)
    {
        if (piece.Offset == 0)
        {
            _written = new MemoryStream();
        }

        Assert.Equal((ulong)_written.Length, piece.Offset);
        _written.Write(piece.Data.Span);
        if (piece.Statement.IsEmpty)
        {
            return null;
        }

        var stored = new StoredCheckpoint((int)piece.Counter, (int)piece.Epoch, _written.ToArray(), piece.Statement.ToByteArray());
        Checkpoints.Add(stored);
        return stored;
    }

    private void Store(WriteOutput output)
    {
        if (!Outputs.TryGetValue(output.Output, out MemoryStream? stored))
        {
            Outputs.Add(output.Output, stored = new MemoryStream());
        }

        Assert.Equal((ulong)stored.Length, output.Offset);
        stored.Write(output.Data.Span);
    }
}
