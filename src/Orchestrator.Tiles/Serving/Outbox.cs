using System.Threading.Channels;
using Orchestrator.Data.TileProtocol;

namespace Orchestrator.Tiles.Serving;

/// <summary>Messages on their way out, in the order in which they were posted; posting never blocks the training thread.</summary>
internal sealed class Outbox
{
    private readonly Channel<TileMessage> _messages = Channel.CreateUnbounded<TileMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _sending;

    public Outbox(TileChannel channel) => _sending = SendAllAsync(channel);

    /// <summary>Takes a message.</summary>
    public void Post(TileMessage message) => _messages.Writer.TryWrite(message);

    /// <summary>Waits until everything posted is sent; nothing can be posted afterwards.</summary>
    public Task FlushAsync()
    {
        _messages.Writer.TryComplete();
        return _sending;
    }

    private async Task SendAllAsync(TileChannel channel)
    {
        await foreach (var message in _messages.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            await channel.SendAsync(message).ConfigureAwait(false);
        }
    }
}
