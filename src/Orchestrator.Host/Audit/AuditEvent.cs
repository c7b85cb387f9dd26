using Orchestrator.Contracts.Protocol;
using Orchestrator.Crypto;
using Wire = Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Host.Audit;

/// <summary>Something that happened, before it has a place in the log.</summary>
internal sealed record AuditEvent(string Kind)
{
    /// <summary>The job that it happened to, if it was one.</summary>
    public Digest? Job { get; init; }

    /// <summary>The job's state after it; unspecified without a job.</summary>
    public Wire.JobState State { get; init; }

    /// <summary>The party that did it or is meant, or nothing.</summary>
    public string Party { get; init; } = "";

    /// <summary>One sentence for people, or nothing.</summary>
    public string Text { get; init; } = "";

    public ErrorDetail? Error { get; init; }

    public Wire.Progress? Progress { get; init; }

    /// <summary>Where the time of a job that completed went.</summary>
    public Wire.Overhead? Overhead { get; init; }
}
