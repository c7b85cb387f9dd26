namespace Orchestrator.Data.Reading;

/// <summary>Gives the plaintext of frames, from wherever they are: a local file, or a device that decrypts them.</summary>
public interface IFrameReader
{
    /// <summary>Reads one frame. Calls come in the schedule's order and several may be in flight.</summary>
    /// <returns>Whole records, as many as the stream's shape says for this frame; valid until the reader is collected.</returns>
    ValueTask<ReadOnlyMemory<byte>> ReadAsync(FramePosition frame, CancellationToken cancellation);
}
