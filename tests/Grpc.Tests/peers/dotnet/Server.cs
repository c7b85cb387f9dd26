using System.IO.Compression;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grpc.Peer;

/// <summary>Serves <see cref="ExchangeService"/> with Kestrel until standard input ends.</summary>
internal static class Server
{
    internal static async Task RunAsync(string? certificate, string? key, int? limit, string? compression)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<Cancellations>();
        builder.Services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = limit;
            options.ResponseCompressionAlgorithm = compression;
            options.ResponseCompressionLevel = compression is null ? null : CompressionLevel.Fastest;
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // The limit of the service decides, not the one that HTTP requests have.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => Configure(listen, certificate, key));
        });

        await using WebApplication app = builder.Build();
        app.MapGrpcService<ExchangeService>();
        await app.StartAsync();
        Console.WriteLine($"listening {new Uri(app.Urls.Single()).Port}");
        await Console.In.ReadToEndAsync();
    }

    private static void Configure(ListenOptions listen, string? certificate, string? key)
    {
        listen.Protocols = HttpProtocols.Http2;
        if (certificate is not null)
        {
            listen.UseHttps(X509Certificate2.CreateFromPemFile(certificate, key));
        }
    }
}
