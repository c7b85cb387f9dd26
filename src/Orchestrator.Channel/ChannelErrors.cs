using Orchestrator.Errors;

namespace Orchestrator.Channel;

/// <summary>Ways in which the channel between host and guest fails.</summary>
public static class ChannelErrors
{
    /// <summary>The other side is gone.</summary>
    public static readonly ErrorCode Closed = new("channel-closed", ErrorClass.Unavailable, "The channel between host and guest is closed.", "The group has ended, with its keys; start another.");

    /// <summary>Not a message of the channel.</summary>
    public static readonly ErrorCode Malformed = new("channel-malformed", ErrorClass.Input, "A message on the channel is not what its format says, or too large.", "Run shim and guest agent of the same version.");

    /// <summary>A question that the guest does not know.</summary>
    public static readonly ErrorCode UnknownOperation = new("channel-operation-unknown", ErrorClass.Input, "The guest does not know the operation.", "Run shim and guest agent of the same version.");

    /// <summary>Too much at once.</summary>
    public static readonly ErrorCode Busy = new("channel-busy", ErrorClass.Conflict, "More requests are under way than the guest takes.", "Wait for answers before asking further.");

    /// <summary>A failure that has no code.</summary>
    public static readonly ErrorCode Internal = new("channel-internal", ErrorClass.Internal, "The guest failed in a way that it does not describe.", "Report it, with what was asked.");
}
