using Google.Protobuf;

namespace Orchestrator.Attack.Relay;

/// <summary>Every byte that passed a hostile host's hands since an attack began.</summary>
internal sealed class WireLog
{
    private readonly List<byte[]> _messages = [];

    public void Note(IMessage message)
    {
        byte[] bytes = message.ToByteArray();
        lock (_messages)
        {
            _messages.Add(bytes);
        }
    }

    /// <summary>The messages so far.</summary>
    public IReadOnlyList<byte[]> Take()
    {
        lock (_messages)
        {
            byte[][] taken = [.. _messages];
            _messages.Clear();
            return taken;
        }
    }
}
