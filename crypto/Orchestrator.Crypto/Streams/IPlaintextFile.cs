using Orchestrator.Errors;

namespace Orchestrator.Crypto.Streams;

/// <summary>A plaintext of known length that threads read where they want, at once, so that none waits for another's reading.</summary>
public interface IPlaintextFile
{
    /// <summary>The length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads, and may check what it reads.</summary>
    /// <param name="offset">From where, in bytes.</param>
    /// <param name="destination">Filled whole; lies within <see cref="Length"/>.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="OrchestratorException">What was read cannot be sealed.</exception>
    void Read(long offset, Span<byte> destination);
}
