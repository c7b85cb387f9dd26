using Google.Protobuf;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Host.Services;

/// <summary>Reads the fields that several services share.</summary>
internal static class Requests
{
    /// <exception cref="OrchestratorException"><paramref name="error"/>: the field has not the size of a digest.</exception>
    public static Digest Digest(ByteString field, ErrorCode error) => field.Length == Crypto.Digest.Size
        ? new Digest(field.Span)
        : throw new OrchestratorException(error, $"A digest has {Crypto.Digest.Size} bytes, not {field.Length}.");

    /// <exception cref="OrchestratorException"><paramref name="error"/>: the number is larger than anything here.</exception>
    public static long Number(ulong field, ErrorCode error) => field <= long.MaxValue
        ? (long)field
        : throw new OrchestratorException(error, $"{field} is too large a number.");
}
