using Orchestrator.Errors;

namespace Orchestrator.Containers.Replays;

/// <summary>Ways in which a replay fails.</summary>
public static class ReplayErrors
{
    /// <summary>The file is no recording.</summary>
    public static readonly ErrorCode Invalid = new("replay-invalid", ErrorClass.Input, "The file is not a recording of policy sessions.", "Give a file as docs/spec/policy-sessions.md describes it, gzipped or not.");

    /// <summary>The engine and the recording disagree.</summary>
    public static readonly ErrorCode Mismatch = new("replay-mismatch", ErrorClass.Integrity, "The engine decided otherwise than the recording says.", "Each difference is printed; report it with the recording.");
}
