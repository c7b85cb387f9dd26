using Orchestrator.Errors;

namespace Orchestrator.Crypto.Streams;

/// <summary>Where the frames of a sealed stream are, from its prologue and length alone: what a host without the key can know.</summary>
/// <remarks>Nothing here is authentic: only the key, or a digest from a trusted place, proves header and length.</remarks>
public sealed class StreamLayout
{
    private StreamLayout(StreamPrologue prologue, long totalLength, long frameCount, int lastFrameSize)
    {
        Prologue = prologue;
        TotalLength = totalLength;
        FrameCount = frameCount;
        LastFrameSize = lastFrameSize;
    }

    /// <summary>What stands before frame 0.</summary>
    public StreamPrologue Prologue { get; }

    /// <summary>The header.</summary>
    public StreamHeader Header => Prologue.Header;

    /// <summary>Bytes of the sealed stream.</summary>
    public long TotalLength { get; }

    /// <summary>Frames, at least 1.</summary>
    public long FrameCount { get; }

    /// <summary>Bytes of plaintext in the last frame, 0 to <see cref="StreamHeader.FrameSize"/> - 1.</summary>
    public int LastFrameSize { get; }

    /// <summary>Bytes of plaintext in the stream.</summary>
    public long PlaintextLength => ((FrameCount - 1) * Header.FrameSize) + LastFrameSize;

    /// <summary>Records in the stream.</summary>
    public long RecordCount => PlaintextLength / Header.RecordSize;

    /// <summary>Lays out a stream.</summary>
    /// <param name="prologue">Its prologue.</param>
    /// <param name="totalLength">Its length in bytes, prologue included.</param>
    /// <exception cref="OrchestratorException"><see cref="StreamErrors.Truncated"/> or <see cref="StreamErrors.TooLong"/>: no stream with this header has this length.</exception>
    public static StreamLayout Of(StreamPrologue prologue, long totalLength)
    {
        ArgumentNullException.ThrowIfNull(prologue);
        long body = totalLength - prologue.Length;
        (long full, long rest) = Math.DivRem(body, prologue.Header.FrameSize + StreamLimits.FrameOverhead);
        int lastFrameSize = (int)rest - StreamLimits.FrameOverhead;
        if (lastFrameSize < 0 || lastFrameSize % prologue.Header.RecordSize != 0)
        {
            throw Truncated(full);
        }

        return full < MaxFramesOf(prologue.Header) ? new StreamLayout(prologue, totalLength, full + 1, lastFrameSize) : throw TooLong();
    }

    /// <summary>Reads the prologue of a seekable stream and lays the stream out.</summary>
    /// <exception cref="ArgumentException"><paramref name="stream"/> does not seek.</exception>
    /// <exception cref="OrchestratorException">As <see cref="StreamPrologue.Read"/> and <see cref="Of"/>.</exception>
    public static StreamLayout Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek)
        {
            throw new ArgumentException("A layout needs the stream's length.", nameof(stream));
        }

        stream.Position = 0;
        return Of(StreamPrologue.Read(stream), stream.Length);
    }

    /// <summary>Where a sealed frame is: offset from the start of the stream and length, both in bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such frame.</exception>
    public (long Offset, int Length) FrameRange(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, FrameCount);
        int full = Header.FrameSize + StreamLimits.FrameOverhead;
        return (Prologue.Length + (index * full), index == FrameCount - 1 ? LastFrameSize + StreamLimits.FrameOverhead : full);
    }

    /// <summary>The most frames that a stream with this header may have.</summary>
    internal static long MaxFramesOf(StreamHeader header) => Math.Min(StreamLimits.MaxFrames, StreamLimits.MaxPlaintextSize / header.FrameSize);

    internal static OrchestratorException Truncated(long frame) => new(StreamErrors.Truncated, $"The stream ends before frame {frame} is complete.");

    internal static OrchestratorException TooLong() => new(StreamErrors.TooLong,
        $"The stream has more than {StreamLimits.MaxFrames} frames or {StreamLimits.MaxPlaintextSize} bytes.");

    internal static OrchestratorException Tampered(long frame, bool isLast) => new(StreamErrors.FrameTampered, isLast
        ? $"The stream ends with frame {frame}, which was cut short, extended or altered."
        : $"Frame {frame} was altered or belongs to another stream.");

    internal static OrchestratorException OutOfOrder(FrameIv found, FrameIv expected) =>
        new(StreamErrors.FrameOutOfOrder, $"Where {expected} should be, the stream has {found}.");
}
