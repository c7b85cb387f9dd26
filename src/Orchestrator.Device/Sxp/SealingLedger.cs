using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;

namespace Orchestrator.Device.Sxp;

/// <summary>
/// Where tests learn of every frame that this process seals, to see that no key meets an IV twice. Nobody listens in use.
/// </summary>
internal static class SealingLedger
{
    /// <summary>Told of each sealed frame: which key, by what the stream commits to with it, and the IV that went out.</summary>
    internal static event Action<Digest, FrameIv>? Sealed;

    internal static void Note(StreamPrologue prologue, ReadOnlySpan<byte> frame)
    {
        if (Sealed is { } listeners)
        {
            listeners(Digest.Of(prologue.Bytes.Span[^StreamLimits.CommitmentSize..]), FrameIv.Read(frame));
        }
    }
}
