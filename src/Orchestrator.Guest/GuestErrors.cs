using Orchestrator.Errors;

namespace Orchestrator.Guest;

/// <summary>Ways in which a guest agent fails to do what it is asked.</summary>
public static class GuestErrors
{
    private const string StartAnother = "Start another group; this one's keys end with it.";

    /// <summary>The policy says no.</summary>
    public static readonly ErrorCode Denied = new("guest-denied", ErrorClass.Refused, "The group's execution policy does not admit the request; nothing has changed.", "Ask for what the policy permits, which the message names; `orchestrator group state` shows what each container can still be.");

    /// <summary>Nothing is admitted yet.</summary>
    public static readonly ErrorCode PolicyMissing = new("guest-policy-missing", ErrorClass.Conflict, "The group has no execution policy yet, and does nothing without.", "Give it the policy under which it was launched.");

    /// <summary>There is one policy in a group's life.</summary>
    public static readonly ErrorCode PolicySet = new("guest-policy-set", ErrorClass.Refused, "The group has its execution policy already; it cannot be replaced.", "Start another group under the other policy.");

    /// <summary>Not the policy that the evidence speaks of.</summary>
    public static readonly ErrorCode PolicyDigest = new("guest-policy-digest", ErrorClass.Refused, "The execution policy is another than the one that the group was launched under.", "Give the group the very bytes whose digest it was launched with.");

    /// <summary>Not of the form that the agent takes, whatever the policy says.</summary>
    public static readonly ErrorCode RequestInvalid = new("guest-request-invalid", ErrorClass.Refused, "The request is not of a form that the guest takes.", "See docs/spec/guest-channel.md for the forms.");

    /// <summary>No such file.</summary>
    public static readonly ErrorCode DeviceMissing = new("guest-device-missing", ErrorClass.NotFound, "The host has attached no such device.", "Attach the layer image before it is mounted.");

    /// <summary>The kernel or the runtime refused.</summary>
    public static readonly ErrorCode EffectFailed = new("guest-effect-failed", ErrorClass.Conflict, "What was admitted could not be done; it was undone, and nothing has changed.", "See the guest's own log, if the policy lets it out; then ask again.");

    /// <summary>A mount stayed.</summary>
    public static readonly ErrorCode UnmountFailed = new("guest-unmount-failed", ErrorClass.Conflict, "Something could not be unmounted, so that nobody knows what state the group is in.", StartAnother);

    /// <summary>Nothing is done any more.</summary>
    public static readonly ErrorCode Inconsistent = new("guest-inconsistent", ErrorClass.Conflict, "The group is in a state that nobody knows, after something could not be undone.", StartAnother);

    /// <summary>In use.</summary>
    public static readonly ErrorCode Busy = new("guest-busy", ErrorClass.Conflict, "What is to be unmounted is in use.", "End the containers that use it first.");

    /// <summary>No such process.</summary>
    public static readonly ErrorCode ProcessUnknown = new("guest-process-unknown", ErrorClass.NotFound, "There is no such process, or it has ended.", "Use the number that its start was answered with.");

    /// <summary>Streams that lead nowhere.</summary>
    public static readonly ErrorCode StdioClosed = new("guest-stdio-closed", ErrorClass.Refused, "The policy gives the host none of the process's standard streams.", "Let the policy allow it (allow_stdio_access), if its owners agree.");

    /// <summary>The user is not known in the image.</summary>
    public static readonly ErrorCode UserUnknown = new("guest-user-unknown", ErrorClass.NotFound, "The container's root file system has no such user or group.", "Name one that it has, or a number.");

    /// <summary>The log has no room.</summary>
    public static readonly ErrorCode LogFull = new("guest-log-full", ErrorClass.Conflict, "The log of decisions is full, and what is not logged is not done.", StartAnother);

    /// <summary>The namespaces are not as they have to be.</summary>
    public static readonly ErrorCode NotIsolated = new("guest-not-isolated", ErrorClass.Conflict, "The guest agent cannot set up a file system of its own.", "Run it as root through `orchestrator group run`, which gives it namespaces of its own.");
}
