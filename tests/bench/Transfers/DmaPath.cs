using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Bench.Streams;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Transfers;
using Orchestrator.Device.Dma;

namespace Orchestrator.Bench.Transfers;

/// <summary>What a frame passes on its way, from sealed in the host's memory to open in the tiles': transport, digest or GMAC, decryption, ring.</summary>
internal sealed class DmaPath(bool sharesMemory) : IBenchmark
{
    public string Name => sharesMemory ? "dma-shared" : "dma-grpc";

    public string Method =>
        $"Plaintext a second from the host's memory to the tiles', frames of 256 KiB by {(sharesMemory ? "shared memory" : "gRPC")}, epochs after the first, " +
        "host, controller and tiles as threads of one process, by the clock / openssl speed aes-256-gcm at 64 KiB on one core.";

    public Aim Aim => Aim.AtLeast(sharesMemory ? 0.5 : 0.08);

    public Comparison Measure()
    {
        (double measured, double reference) = Alternation.Medians(PerCore.Rounds, () => RateAsync().GetAwaiter().GetResult(), OpenSslSpeed.Aes256Gcm);
        return new Comparison(measured, reference, "GB/s");
    }

    private async Task<double> RateAsync()
    {
        using var stream = new BenchStream();
        using var door = new DmaDoor(TimeProvider.System, NullLogger<DmaDoor>.Instance);
        var controller = new ControllerEnd(stream, door);
        await using WebApplication device = await ServeAsync(controller);
        string address = device.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        using GrpcChannel channel = GrpcChannel.ForAddress(address);
        using AsyncDuplexStreamingCall<HostTransfer, DeviceTransfer> call = new Dma.DmaClient(channel).Run();
        using FrameFiller? filler = FrameFiller.TryConnect(sharesMemory ? door.Name : "");
        await call.RequestStream.WriteAsync(new HostTransfer { Start = new StartRun { Ticket = ByteString.CopyFrom(filler is null ? [] : filler.Ticket.Span) } });
        Task filling = filler is null ? Task.CompletedTask : Task.Factory.StartNew(() => filler.Serve(stream.Fill), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            await call.RequestStream.WriteAsync(stream.Answer(call.ResponseStream.Current));
        }

        await filling;
        return controller.Rate;
    }

    private static async Task<WebApplication> ServeAsync(ControllerEnd controller)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRouting();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(controller);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.Http2.InitialStreamWindowSize = 8 << 20;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 16 << 20;
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2);
        });
        WebApplication application = builder.Build();
        application.MapGrpcService<ControllerEnd>();
        await application.StartAsync();
        return application;
    }
}
