using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Attack.Relay;

/// <summary>
/// Stands between an unmodified host and an unmodified device and speaks the device's protocol to both, so that
/// whatever a hostile host could do to messages is done by the one <see cref="Attack"/> that is set.
/// </summary>
public sealed class HostileRelay : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly RelayTarget _target;

    private HostileRelay(WebApplication server, RelayTarget target)
    {
        _server = server;
        _target = target;
        Address = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    /// <summary>Where the host finds what it takes for the device.</summary>
    public Uri Address { get; }

    /// <summary>Starts a relay on a free loopback port.</summary>
    /// <param name="device">The real device's address.</param>
    /// <param name="cancellation">Gives up starting.</param>
    public static async Task<HostileRelay> StartAsync(Uri device, CancellationToken cancellation = default)
    {
        var target = new RelayTarget(device);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // A run is one request, as long as the data.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddSingleton(target);
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = RelayTarget.MaxMessageBytes);
        WebApplication server = builder.Build();
        server.MapGrpcService<MailboxRelay>();
        server.MapGrpcService<DmaRelay>();
        await server.StartAsync(cancellation);
        return new HostileRelay(server, target);
    }

    /// <summary>A hostile host's own line to the device that is under attack.</summary>
    public DeviceLine Line => _target.Line;

    /// <summary>From now on mounts <paramref name="attack"/> against <paramref name="device"/>.</summary>
    public void Mount(Attack attack, Uri device) => _target.Set(attack, device);

    /// <summary>Every message that passed since the last time, both ways, encoded.</summary>
    public IReadOnlyList<byte[]> TakeWire() => _target.Wire.Take();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _target.Dispose();
    }
}
