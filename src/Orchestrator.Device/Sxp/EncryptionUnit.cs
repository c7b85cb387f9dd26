using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Device.Sxp;

/// <summary>
/// The unit between tiles and host (SXP): key slots, each with a few contexts. A read takes a context of its stream's slot
/// and keeps it until its frame is opened, so each context has one read outstanding. It decrypts with the IV found in the
/// frame and checks the tag; whether it is the right frame is the ingress tile's to say.
/// </summary>
public sealed class EncryptionUnit : IDisposable
{
    private readonly Func<int, StreamKey> _keyOf;
    private readonly KeySlot[] _slots;

    /// <param name="slots">Number of key slots in use: the fewer, the more reads of one stream can be under way.</param>
    /// <param name="contexts">Number of contexts, shared out evenly.</param>
    /// <param name="keyOf">The key of a stream, by the stream's id; owned by the session.</param>
    public EncryptionUnit(int slots, int contexts, Func<int, StreamKey> keyOf)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(contexts, slots);
        ArgumentNullException.ThrowIfNull(keyOf);
        _keyOf = keyOf;
        _slots = [.. Enumerable.Range(0, slots).Select(_ => new KeySlot(contexts / slots))];
    }

    /// <summary>Waits for a free context of the stream's slot and programs it with the stream's key.</summary>
    /// <exception cref="OrchestratorException"><see cref="DeviceErrors.StreamMismatch"/>: the released key is not the stream's.</exception>
    public async Task<ReadContext> AcquireAsync(InputStream stream, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(stream);
        KeySlot slot = _slots[stream.Description.Slot % _slots.Length];
        ReadContext context = await slot.TakeAsync(stream.Description.Id, cancellation).ConfigureAwait(false);
        try
        {
            context.Program(stream, _keyOf);
            return context;
        }
        catch
        {
            context.Release();
            throw;
        }
    }

    /// <summary>Erases all keys.</summary>
    public void Dispose() => Array.ForEach(_slots, slot => slot.Dispose());
}
