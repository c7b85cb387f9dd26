using Orchestrator.Errors;

namespace Orchestrator.Stages;

/// <summary>Ways in which a group refuses or fails its part of a prepare stage.</summary>
public static class GroupStageErrors
{
    private const string RunAgain = "Start another group for the stage.";

    /// <summary>Evidence of another group.</summary>
    public static readonly ErrorCode NotOwnEvidence = new("stage-not-own-evidence", ErrorClass.Refused, "The group was shown evidence that is not its own, or is for another job or policy.", "Show the group the evidence that it gave, for this job.");

    /// <summary>Out of order.</summary>
    public static readonly ErrorCode OutOfOrder = new("stage-out-of-order", ErrorClass.Conflict, "The stage is not at the step that was asked for.", "Begin, hand in every party's package and every input, run the containers, finish, then offer the device's quote.");

    /// <summary>A party's package that is there already.</summary>
    public static readonly ErrorCode PackageRepeated = new("stage-package-repeated", ErrorClass.Conflict, "A party's package for the group is there already.", "Hand in each package once.");

    /// <summary>An input that the manifest does not name.</summary>
    public static readonly ErrorCode InputUnknown = new("stage-input-unknown", ErrorClass.Input, "The stage has no such input, or has read it.", "Hand in each input of the manifest's stage once.");

    /// <summary>Something else in an input's place.</summary>
    public static readonly ErrorCode InputSubstituted = new("stage-input-substituted", ErrorClass.Integrity, "An input of the stage is not the one that the manifest names.", "Let its owner upload the file again that the manifest names; the host may have replaced it.");

    /// <summary>Containers that have not done their work.</summary>
    public static readonly ErrorCode NotDone = new("stage-not-done", ErrorClass.Conflict, "The stage's containers have not all ended well.", "Look at the containers' exit codes and output; outputs are sealed only when each container of the policy has ended with 0.");

    /// <summary>An output that is not there, or no file.</summary>
    public static readonly ErrorCode OutputMissing = new("stage-output-missing", ErrorClass.JobFailed, "The stage's containers left no such file, or something that is no file.", "Let a container write the output under its name into the volume outputs.");

    /// <summary>A file that is not what the manifest says.</summary>
    public static readonly ErrorCode OutputInvalid = new("stage-output-invalid", ErrorClass.JobFailed, "An output of the stage does not hold records of its stream's schema.", "Try the containers on made-up data, and compare what they write with the schema.");

    /// <summary>The device is not one to give keys to.</summary>
    public static readonly ErrorCode DeviceRefused = new("stage-device-refused", ErrorClass.Refused, "The group does not accept the device.", RunAgain);
}
