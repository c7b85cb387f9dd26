using Orchestrator.Errors;

namespace Orchestrator.Channel;

/// <summary>The execution policy refuses a request. Nothing has changed.</summary>
/// <param name="code">The code.</param>
/// <param name="message">In words.</param>
/// <param name="envelope">For machines: <c>policyDecision&lt; BASE64 &gt;policyDecision</c>.</param>
/// <param name="remedy">What to do; null takes the code's.</param>
public sealed class DeniedException(ErrorCode code, string message, string envelope, string? remedy = null) : OrchestratorException(code, message, remedy)
{
    /// <summary>The denial in the published form.</summary>
    public string Envelope { get; } = envelope;
}
