using System.Net.Sockets;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Groups;

namespace Orchestrator.Host.Stages;

/// <summary>The connection to the shim that starts container groups; there is none if the operator named none.</summary>
internal sealed class GroupLink : IDisposable
{
    private const int MaximumMessageBytes = 4 << 20;

    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(2);

    private readonly Uri? _address;
    private readonly GrpcChannel? _channel;

    public GroupLink(HostOptions options)
    {
        _address = options.Shim;
        if (_address is not { } address)
        {
            return;
        }

        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { ConnectTimeout = s_connectTimeout },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaximumMessageBytes,
        });
        Client = new Groups.GroupsClient(_channel.Intercept(new RpcClientErrors()));
    }

    /// <summary>The shim; <see langword="null"/>: none.</summary>
    public Groups.GroupsClient? Client { get; }

    /// <summary>Whether there is a shim that cannot be reached now: it may be back later.</summary>
    public async Task<bool> IsAwayAsync(CancellationToken cancellationToken)
    {
        if (_address is null || _channel is null)
        {
            return false;
        }

        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_connectTimeout);
        try
        {
            // A refusal shows at once; the channel would only try again. After one it waits a while, in which every call fails.
            await socket.ConnectAsync(_address.Host, _address.Port, patience.Token);
            await _channel.ConnectAsync(patience.Token);
            return false;
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return true;
        }
    }

    public void Dispose() => _channel?.Dispose();
}
