using Grpc.Core;
using Grpc.Net.Client;

namespace Orchestrator.Attack.Relay;

/// <summary>Which device the relay talks to, and what it does to the messages.</summary>
internal sealed class RelayTarget : IDisposable
{
    public const int MaxMessageBytes = 64 << 20;

    private readonly Dictionary<Uri, GrpcChannel> _channels = [];
    private readonly Lock _lock = new();
    private Uri _device;
    private Attack _attack = new Honesty();

    public RelayTarget(Uri device) => _device = device;

    public WireLog Wire { get; } = new();

    public Attack Attack
    {
        get
        {
            lock (_lock)
            {
                return _attack;
            }
        }
    }

    public DeviceLine Line
    {
        get
        {
            lock (_lock)
            {
                return LineTo(_device);
            }
        }
    }

    public void Set(Attack attack, Uri device)
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

    private DeviceLine LineTo(Uri device)
    {
        if (!_channels.TryGetValue(device, out GrpcChannel? channel))
        {
            channel = GrpcChannel.ForAddress(device, new GrpcChannelOptions { MaxReceiveMessageSize = MaxMessageBytes, MaxSendMessageSize = MaxMessageBytes });
            _channels.Add(device, channel);
        }

        return new DeviceLine(channel.CreateCallInvoker());
    }
}
