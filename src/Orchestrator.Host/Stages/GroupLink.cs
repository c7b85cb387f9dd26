using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Groups;

namespace Orchestrator.Host.Stages;

/// <summary>The connection to the shim that starts container groups; there is none if the operator named none.</summary>
internal sealed class GroupLink : IDisposable
{
    private const int MaximumMessageBytes = 4 << 20;

    private readonly GrpcChannel? _channel;

    public GroupLink(HostOptions options)
    {
        if (options.Shim is not { } address)
        {
            return;
        }

        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaximumMessageBytes,
        });
        Client = new Groups.GroupsClient(_channel.Intercept(new RpcClientErrors()));
    }

    /// <summary>The shim; <see langword="null"/>: none.</summary>
    public Groups.GroupsClient? Client { get; }

    public void Dispose() => _channel?.Dispose();
}
