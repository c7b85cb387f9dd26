using Orchestrator.Errors;

namespace Orchestrator.Crypto.Streams;

/// <summary>Plaintext frames of one stream, in any order: what a trainer reads, whoever holds the key.</summary>
/// <remarks>One read at a time.</remarks>
public interface IFrameSource
{
    /// <summary>The stream's header.</summary>
    StreamHeader Header { get; }

    /// <summary>The number of frames, at least 1; every frame but the last is full.</summary>
    long FrameCount { get; }

    /// <summary>Reads a frame.</summary>
    /// <param name="frame">The frame's index.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The frame's plaintext, valid until the next read: copy what is to stay.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such frame.</exception>
    /// <exception cref="OrchestratorException">The frame is not authentic or not in its place.</exception>
    ValueTask<ReadOnlyMemory<byte>> ReadAsync(long frame, CancellationToken cancellationToken);
}
