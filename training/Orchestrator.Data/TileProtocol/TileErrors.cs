using Orchestrator.Errors;

namespace Orchestrator.Data.TileProtocol;

/// <summary>Ways in which the conversation between controller and tiles breaks.</summary>
public static class TileErrors
{
    private const string Report = "Start the device again; if it happens twice, controller and tiles are of different versions.";

    /// <summary>The other end closed the channel in the middle.</summary>
    public static readonly ErrorCode ChannelClosed = new(
        "tiles-channel-closed", ErrorClass.Unavailable,
        "The tile process and its controller lost each other.",
        "Look at the device's log for why one of them ended, and run the job again.");

    /// <summary>A message longer than the protocol allows.</summary>
    public static readonly ErrorCode MessageTooLarge = new(
        "tiles-message-too-large", ErrorClass.Internal,
        "A message between controller and tiles is larger than allowed.",
        Report);

    /// <summary>A message that cannot be read.</summary>
    public static readonly ErrorCode MessageMalformed = new(
        "tiles-message-malformed", ErrorClass.Internal,
        "A message between controller and tiles cannot be read.",
        Report);

    /// <summary>A message that does not belong at this point of the conversation.</summary>
    public static readonly ErrorCode MessageUnexpected = new(
        "tiles-message-unexpected", ErrorClass.Internal,
        "A message between controller and tiles came out of turn.",
        Report);

    /// <summary>The controller called the run off.</summary>
    public static readonly ErrorCode Cancelled = new(
        "tiles-cancelled", ErrorClass.JobFailed,
        "The run was called off.",
        "Start the job again when its reason is gone.");

    /// <summary>Something in the tile process failed that has no code of its own.</summary>
    public static readonly ErrorCode Failed = new(
        "tiles-failed", ErrorClass.Internal,
        "The tile process failed unexpectedly.",
        "Look at the device's log, and report what it says.");
}
