using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Attack;

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

    /// <summary>From now on mounts <paramref name="attack"/>, or none, against <paramref name="device"/>.</summary>
    public void Mount(Attack? attack, Uri device) => _target.Set(attack, device);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _target.Dispose();
    }
}

/// <summary>Which device the relay talks to, and what it does to the messages.</summary>
internal sealed class RelayTarget : IDisposable
{
    public const int MaxMessageBytes = 64 << 20;

    private readonly Dictionary<Uri, GrpcChannel> _channels = [];
    private readonly Lock _lock = new();
    private Uri _device;
    private Attack? _attack;

    public RelayTarget(Uri device) => _device = device;

    public Attack Attack
    {
        get
        {
            lock (_lock)
            {
                return _attack ?? Honesty.Instance;
            }
        }
    }

    public CallInvoker Device
    {
        get
        {
            lock (_lock)
            {
                if (!_channels.TryGetValue(_device, out GrpcChannel? channel))
                {
                    channel = GrpcChannel.ForAddress(_device, new GrpcChannelOptions { MaxReceiveMessageSize = MaxMessageBytes });
                    _channels.Add(_device, channel);
                }

                return channel.CreateCallInvoker();
            }
        }
    }

    public void Set(Attack? attack, Uri device)
    {
        lock (_lock)
        {
            _attack = attack;
            _device = device;
        }
    }

    public void Dispose()
    {
        foreach (GrpcChannel channel in _channels.Values)
        {
            channel.Dispose();
        }
    }

    private sealed class Honesty : Attack
    {
        public static readonly Honesty Instance = new();

        public override string Name => "none";

        public override string Deed => "nothing";

        public override string StoppedBy => string.Empty;
    }
}
