using Orchestrator.Errors;

namespace Orchestrator.Contracts.Stages;

/// <summary>Ways in which what belongs to a prepare stage fails.</summary>
public static class StageErrors
{
    private const string RunAgain = "Let the host run the stage again; if it comes again, the host or the network alters messages.";

    /// <summary>A statement that is not the group's, or of something else.</summary>
    public static readonly ErrorCode StatementInvalid = new("stage-statement-invalid", ErrorClass.Integrity, "The statement of a prepare stage is malformed, of another job or stage, or not by the attested group.", RunAgain);

    /// <summary>Not one statement for each stage.</summary>
    public static readonly ErrorCode StatementMissing = new("stage-statement-missing", ErrorClass.Integrity, "There is not exactly one statement for each prepare stage.", RunAgain);

    /// <summary>More than the manifest lets a stage make.</summary>
    public static readonly ErrorCode OutputExceeded = new("stage-output-exceeded", ErrorClass.Refused, "A stage made more records than the manifest allows, or none.", "Look at what the stage's containers write; raise the limit in a new job if it is meant.");

    /// <summary>A key package that does not open, or is not by its party.</summary>
    public static readonly ErrorCode PackageInvalid = new("stage-package-invalid", ErrorClass.Integrity, "A key package for a group does not open there, or its signature is not by the party's key in the manifest.", "Let the party's agent answer this group's evidence itself; somebody may have altered or replayed its package.");

    /// <summary>Keys that are not for the party's inputs.</summary>
    public static readonly ErrorCode PackageKeys = new("stage-package-keys", ErrorClass.Refused, "A key package for a group does not hold exactly the keys of the party's inputs.", "Let the party's agent answer with the keys of its own inputs.");

    /// <summary>A statement by a group that the party has not judged, or not last.</summary>
    public static readonly ErrorCode GroupNotAccepted = new("stage-group-not-accepted", ErrorClass.Refused, "A stage's output is by another group than the one that this party accepted last.", RunAgain);

    /// <summary>Too little memory for the containers.</summary>
    public static readonly ErrorCode MemoryExhausted = new("stage-memory-exhausted", ErrorClass.JobFailed, "A stage's group ran out of memory, and a process of it was killed.", "Let the host's operator give the group more: `memory` in its group file, which is no part of its policy. Start the shim again, and propose the job with a new serial.");

    /// <summary>A group that has ended.</summary>
    public static readonly ErrorCode GroupUnknown = new("shim-group-unknown", ErrorClass.NotFound, "The shim runs no such group.", "The group has ended, with its keys; the host runs the stage again.");

    /// <summary>No such stage.</summary>
    public static readonly ErrorCode Unknown = new("stage-unknown", ErrorClass.Input, "The manifest has no stage of that name.", "Name a stage of the manifest.");
}
