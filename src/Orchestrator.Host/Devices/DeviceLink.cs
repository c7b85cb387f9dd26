using Google.Protobuf;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Errors;

namespace Orchestrator.Host.Devices;

/// <summary>The connection to one device. A session has it to itself from <see cref="DevicePool.TakeAsync"/> to <see cref="DevicePool.Return"/>.</summary>
internal sealed class DeviceLink : IDisposable
{
    /// <summary>The largest message that the host takes from a device: a piece of an output.</summary>
    private const int MaximumMessageBytes = 20 << 20;

    private const int StreamWindowBytes = 8 << 20;

    private static readonly TimeSpan s_probeTimeout = TimeSpan.FromSeconds(2);

    private readonly GrpcChannel _channel;
    private readonly TimeProvider _time;

    public DeviceLink(Uri address, TimeProvider time)
    {
        Name = address.Authority;
        _time = time;
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { InitialHttp2StreamWindowSize = StreamWindowBytes, ConnectTimeout = s_probeTimeout },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaximumMessageBytes,
        });
        var calls = _channel.Intercept(new RpcClientErrors());
        Mailbox = new Mailbox.MailboxClient(calls);
        Dma = new Dma.DmaClient(calls);
    }

    /// <summary>What the operator knows the device by.</summary>
    public string Name { get; }

    public Mailbox.MailboxClient Mailbox { get; }

    public Dma.DmaClient Dma { get; }

    /// <summary>The device's latest answer; <see langword="null"/> while it is away.</summary>
    public DeviceStatus? Status { get; private set; }

    /// <summary>Where it hands out memory to share; empty if it does not.</summary>
    public string Door => Status?.DmaDoor ?? string.Empty;

    /// <summary>What the device said last that it is called for life; empty if nothing.</summary>
    public ByteString Ueid { get; private set; } = ByteString.Empty;

    /// <summary>Asks the device for its status. False if it does not answer in time.</summary>
    public async Task<bool> ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            Status = await Mailbox.StatusAsync(new StatusRequest(), deadline: Deadline(s_probeTimeout), cancellationToken: cancellationToken);
            Ueid = Status.Ueid;
            return true;
        }
        catch (OrchestratorException)
        {
            Status = null;
            return false;
        }
    }

    /// <summary>When a call that may take <paramref name="timeout"/> has to be over.</summary>
    public DateTime Deadline(TimeSpan timeout) => _time.GetUtcNow().UtcDateTime + timeout;

    public void Dispose() => _channel.Dispose();
}
