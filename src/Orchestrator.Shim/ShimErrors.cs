using Orchestrator.Errors;

namespace Orchestrator.Shim;

/// <summary>Ways in which starting and driving a group fails on the host's side.</summary>
public static class ShimErrors
{
    /// <summary>Namespaces and mounts are the administrator's.</summary>
    public static readonly ErrorCode NeedsRoot = new("group-needs-root", ErrorClass.Usage, "Starting a group in a sandbox needs the machine's administrator.", "Run the command as root, or with sudo.");

    /// <summary>A program of the system's is missing.</summary>
    public static readonly ErrorCode ToolMissing = new("group-tool-missing", ErrorClass.Unavailable, "A program that groups are run with is not installed.", "Run eng/setup.sh, or install the package that the message names.");

    /// <summary>The agent ended at once.</summary>
    public static readonly ErrorCode NotStarted = new("group-not-started", ErrorClass.Unavailable, "The guest agent did not start.", "The message has what it said; the kernel must allow new namespaces, overlayfs and loop devices.");

    /// <summary>Nobody there.</summary>
    public static readonly ErrorCode NotRunning = new("group-not-running", ErrorClass.NotFound, "There is no running group of this name, or it is not yours.", "`orchestrator group run` starts one; --name gives it its name.");

    /// <summary>A second one.</summary>
    public static readonly ErrorCode NameTaken = new("group-name-taken", ErrorClass.Conflict, "A group of this name is running.", "Give this one another name with --name.");

    /// <summary>Not in the group file.</summary>
    public static readonly ErrorCode ContainerUnknown = new("group-container-unknown", ErrorClass.NotFound, "The group has no container of this name.", "`orchestrator group state` prints the names.");

    /// <summary>The endorsement is another image's.</summary>
    public static readonly ErrorCode EndorsementForeign = new("shim-endorsement-foreign", ErrorClass.Conflict, "The endorsement is of something else than the guests that are run here.", "Get the endorsement of this very image or agent; `orchestrator group endorse` makes a simulated publisher's.");

    /// <summary>A stage names a policy of which the shim has no group.</summary>
    public static readonly ErrorCode PolicyUnknown = new("shim-policy-unknown", ErrorClass.NotFound, "The shim has no group of the policy that the job's stage names.", "Start the shim with that group's file (--group), and the very images that the policy was generated from.");

    /// <summary>A container that did not do its work.</summary>
    public static readonly ErrorCode ContainerFailed = new("stage-container-failed", ErrorClass.JobFailed, "A container of the stage did not end with 0.", "Try the container on made-up data; its policy says whether its output may be seen.");

    /// <summary>The address is not to be had.</summary>
    public static readonly ErrorCode ListenFailed = new("shim-listen-failed", ErrorClass.Unavailable, "The shim cannot serve at its address.", "Free the port, or choose another with --listen.");
}
