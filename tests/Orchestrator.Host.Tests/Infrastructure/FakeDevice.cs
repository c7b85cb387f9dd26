using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Errors;

namespace Orchestrator.Host.Tests.Infrastructure;

/// <summary>A device as the host sees it, over real gRPC: it records commands, and its run is what the test says.</summary>
internal sealed class FakeDevice : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Lock _gate = new();
    private readonly List<string> _commands = [];
    private readonly ChangeSignal _commanded = new();

    private FakeDevice(WebApplication application) => _application = application;

    public Uri Address { get; private set; } = null!;

    /// <summary>Whether it answers nobody.</summary>
    public bool IsAway { get; set; }

    /// <summary>What it says that it is called for life.</summary>
    public ByteString Ueid { get; set; } = ByteString.Empty;

    /// <summary>What it does with a key package.</summary>
    public Action<StageRequest> OnStage { get; set; } = _ => { };

    /// <summary>What it does when it runs.</summary>
    public Func<FakeRun, Task> OnRun { get; set; } = run => run.FinishAsync();

    public LoadRequest? Loaded { get; private set; }

    public string[] Commands
    {
        get
        {
            lock (_gate)
            {
                return [.. _commands];
            }
        }
    }

    public static byte[] EvidenceOf(LoadRequest load) => [.. "evidence for "u8, .. load.Nonces.SelectMany(nonce => nonce.Nonce)];

    public static async Task<FakeDevice> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRouting();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = 20 << 20;
            grpc.Interceptors.Add<RpcServerErrors>();
        });
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        FakeDevice? device = null;
        builder.Services.AddSingleton(_ => device!);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        WebApplication application = builder.Build();
        application.MapGrpcService<MailboxService>();
        application.MapGrpcService<DmaService>();
        device = new FakeDevice(application);
        await application.StartAsync();
        device.Address = new Uri(application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
        return device;
    }

    /// <summary>Waits until the latest command is this one.</summary>
    public Task LatestCommandAsync(string command) => Expect.UntilAsync(_commanded, () => Commands is [.., var latest] && latest == command);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private DeviceStatus Record(string command)
    {
        if (IsAway)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "away"));
        }

        lock (_gate)
        {
            _commands.Add(command);
        }

        _commanded.Pulse();

        return new DeviceStatus { State = DeviceState.Idle, Version = "fake", Certificates = { ByteString.CopyFromUtf8("alias"), ByteString.CopyFromUtf8("device") }, Ueid = Ueid };
    }

    private sealed class MailboxService(FakeDevice device) : Mailbox.MailboxBase
    {
        public override Task<DeviceStatus> Status(StatusRequest request, ServerCallContext context) => Task.FromResult(device.Record("status"));

        public override Task<DeviceStatus> Reset(ResetRequest request, ServerCallContext context) => Task.FromResult(device.Record("reset"));

        public override Task<DeviceStatus> EnterTrustedMode(EnterTrustedModeRequest request, ServerCallContext context) => Task.FromResult(device.Record("trusted"));

        public override Task<DeviceStatus> Load(LoadRequest request, ServerCallContext context)
        {
            device.Loaded = request;
            return Task.FromResult(device.Record("load"));
        }

        public override Task<QuoteReply> Quote(QuoteRequest request, ServerCallContext context)
        {
            device.Record("quote");
            return Task.FromResult(new QuoteReply { Evidence = ByteString.CopyFrom(EvidenceOf(device.Loaded!)) });
        }

        public override Task<DeviceStatus> Stage(StageRequest request, ServerCallContext context)
        {
            device.OnStage(request);
            return Task.FromResult(device.Record($"stage {request.Party} {request.SealedPackage.ToStringUtf8()}"));
        }

        public override Task<DeviceStatus> Commit(CommitRequest request, ServerCallContext context) => Task.FromResult(device.Record("commit"));
    }

    private sealed class DmaService(FakeDevice device) : Dma.DmaBase
    {
        public override async Task Run(IAsyncStreamReader<HostTransfer> requestStream, IServerStreamWriter<DeviceTransfer> responseStream, ServerCallContext context)
        {
            device.Record("run");
            await requestStream.MoveNext(context.CancellationToken);
            Assert.NotNull(requestStream.Current.Start);
            await device.OnRun(new FakeRun(requestStream, responseStream, context.CancellationToken));
        }
    }
}

/// <summary>One run, seen from the device.</summary>
internal sealed class FakeRun(IAsyncStreamReader<HostTransfer> answers, IServerStreamWriter<DeviceTransfer> requests, CancellationToken ended)
{
    /// <summary>Cancelled when the host ends the run.</summary>
    public CancellationToken Ended => ended;

    public Task SendAsync(DeviceTransfer transfer) => requests.WriteAsync(transfer, ended);

    public async Task<HostTransfer> ReceiveAsync()
    {
        Assert.True(await answers.MoveNext(ended));
        return answers.Current;
    }

    public async Task<HostTransfer> AskAsync(DeviceTransfer transfer)
    {
        await SendAsync(transfer);
        return await ReceiveAsync();
    }

    /// <summary>Reads a whole stream, its leaves first, and gives its bytes.</summary>
    public async Task<(byte[] Bytes, byte[] Leaves)> ReadStreamAsync(uint stream, long frames)
    {
        var bytes = new MemoryStream();
        bytes.Write((await AskAsync(new DeviceTransfer { ReadPrologue = new ReadPrologue { Stream = stream } })).Prologue.Data.Span);
        HostTransfer leaves = await AskAsync(new DeviceTransfer { ReadLeaves = new ReadLeaves { Stream = stream, First = 0, Count = (uint)frames } });
        for (long index = 0; index < frames; index++)
        {
            bytes.Write((await AskAsync(ReadFrame(stream, index))).Frame.Data.Span);
        }

        return (bytes.ToArray(), leaves.Leaves.Hashes.ToByteArray());
    }

    public static DeviceTransfer ReadFrame(uint stream, long index) => new() { ReadFrame = new ReadFrame { Stream = stream, Index = (ulong)index } };

    public Task ProgressAsync(uint epoch) => SendAsync(new DeviceTransfer { Progress = new RunProgress { Epoch = epoch, Epochs = 5, FramesRead = 10 * epoch, BytesRead = 1000 * epoch } });

    public async Task WriteOutputAsync(string name, byte[] bytes, int pieceSize = 1000)
    {
        for (int offset = 0; offset < bytes.Length; offset += pieceSize)
        {
            int count = Math.Min(pieceSize, bytes.Length - offset);
            await SendAsync(new DeviceTransfer { WriteOutput = new WriteOutput { Output = name, Offset = (ulong)offset, Data = ByteString.CopyFrom(bytes.AsSpan(offset, count)), Last = offset + count == bytes.Length } });
        }
    }

    public async Task WriteCheckpointAsync(uint counter, SealedSample checkpoint, int pieceSize = 1000)
    {
        for (int offset = 0; offset < checkpoint.Bytes.Length; offset += pieceSize)
        {
            int count = Math.Min(pieceSize, checkpoint.Bytes.Length - offset);
            await SendAsync(new DeviceTransfer
            {
                WriteCheckpoint = new WriteCheckpoint
                {
                    Counter = counter,
                    Epoch = counter,
                    Offset = (ulong)offset,
                    Data = ByteString.CopyFrom(checkpoint.Bytes.AsSpan(offset, count)),
                    Statement = offset + count == checkpoint.Bytes.Length ? ByteString.CopyFromUtf8($"statement {counter}") : ByteString.Empty,
                },
            });
        }
    }

    public static OrchestratorException Away { get; } = new(new ErrorCode("device-tiles-lost", ErrorClass.Unavailable, "The tiles are gone.", "Wait."), "The tiles are gone.");

    /// <summary>Writes both outputs of a test job and a receipt.</summary>
    public async Task FinishAsync(SealedSample? model = null, Finished? finished = null)
    {
        await WriteOutputAsync("metrics", SealedSample.Create(100, Crypto.Streams.StreamKind.Metrics, "device").Bytes);
        await WriteOutputAsync("model", (model ?? SealedSample.Create(3000, Crypto.Streams.StreamKind.Model, "device")).Bytes);
        finished ??= new Finished();
        finished.Receipt = ByteString.CopyFromUtf8("receipt");
        await SendAsync(new DeviceTransfer { Finished = finished });
    }

    public static OrchestratorException Failure { get; } = new(new ErrorCode("device-security-exception", ErrorClass.Integrity, "A frame is not authentic.", "Upload it again."), "Frame 3 of stream 2 is not authentic.");
}
