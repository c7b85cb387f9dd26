using Orchestrator.Errors;

namespace Orchestrator.Containers.Groups;

/// <summary>Ways in which a group file and its images do not fit together.</summary>
public static class GroupErrors
{
    /// <summary>A name that the image does not know.</summary>
    public static readonly ErrorCode UserUnknown = new("group-user-unknown", ErrorClass.Input, "A container's user or group is not in the image's own /etc/passwd or /etc/group.", "Name the user and group by number with `user`.");

    /// <summary>Nothing to run.</summary>
    public static readonly ErrorCode NoCommand = new("group-no-command", ErrorClass.Input, "Neither the group file nor the image says what a container runs.", "Add `command` to the container.");

    /// <summary>A variable that is none.</summary>
    public static readonly ErrorCode Environment = new("group-environment", ErrorClass.Input, "The image's configuration has a variable that is not NAME=value.", "Build the image again with a proper variable.");
}
