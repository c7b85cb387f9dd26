using Orchestrator.Contracts.Protocol;

namespace Orchestrator.Host.Sessions;

/// <summary>The job ended, or went on to another attempt, while a session was at work on it.</summary>
internal sealed class SessionOverException : Exception;

/// <summary>The job cannot succeed, for a reason that the device or a party gave.</summary>
internal sealed class JobFailedException(ErrorDetail reason) : Exception(reason.Message)
{
    public ErrorDetail Reason { get; } = reason;
}
