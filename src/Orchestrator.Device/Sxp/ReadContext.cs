using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Device.Sxp;

/// <summary>State of one read through the encryption unit: the running key schedule of a stream. Whoever took it uses it alone, then releases it.</summary>
public sealed class ReadContext : IDisposable
{
    private readonly KeySlot _slot;
    private FrameOpener? _opener;
    private byte[] _frame = [];

    internal ReadContext(KeySlot slot) => _slot = slot;

    /// <summary>The stream whose key it holds; 0 is none.</summary>
    internal int Stream { get; private set; }

    /// <summary>Room for a frame as the host sent it: a copy that the host cannot change while it is checked and opened.</summary>
    public Memory<byte> Room => _frame;

    /// <summary>Decrypts a frame with the IV found in it.</summary>
    /// <param name="frame">From the host.</param>
    /// <param name="plaintext">Room for a frame.</param>
    /// <param name="iv">The IV found; authentic only if the tag is right.</param>
    /// <param name="written">Bytes of plaintext.</param>
    /// <returns>Whether the tag is right.</returns>
    public bool TryOpen(ReadOnlySpan<byte> frame, Span<byte> plaintext, out FrameIv iv, out int written) =>
        _opener!.TryOpen(frame, plaintext, out iv, out written);

    /// <summary>Gives the context back.</summary>
    public void Release() => _slot.Return(this);

    /// <summary>Erases the key.</summary>
    public void Dispose() => _opener?.Dispose();

    internal void Program(InputStream stream, Func<int, StreamKey> keyOf)
    {
        if (Stream == stream.Description.Id)
        {
            return;
        }

        _opener?.Dispose();
        Stream = 0;
        if (!FrameOpener.TryCreate(keyOf(stream.Description.Id), stream.Prologue, out _opener))
        {
            throw new OrchestratorException(DeviceErrors.StreamMismatch,
                $"The key that {stream.Description.Owner} released for stream {stream.Description.Id} is not the stream's key.");
        }

        Stream = stream.Description.Id;
        int size = stream.Description.FrameSize + StreamLimits.FrameOverhead;
        if (_frame.Length != size)
        {
            _frame = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        }
    }
}
