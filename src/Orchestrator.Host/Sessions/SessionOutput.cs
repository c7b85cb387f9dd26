using Orchestrator.Crypto;

namespace Orchestrator.Host.Sessions;

/// <summary>An output that a device has written to its end.</summary>
internal sealed record SessionOutput(string Name, Digest Digest, long Size);
