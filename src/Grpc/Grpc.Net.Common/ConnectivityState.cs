namespace Grpc.Core;

/// <summary>The state of a channel's connection, as in gRPC's connectivity semantics document.</summary>
public enum ConnectivityState
{
    /// <summary>No connection, and no call that needs one.</summary>
    Idle,

    /// <summary>A connection is being made.</summary>
    Connecting,

    /// <summary>Connected; calls can be sent.</summary>
    Ready,

    /// <summary>The last attempt failed; another follows after a pause.</summary>
    TransientFailure,

    /// <summary>The channel is closed for good.</summary>
    Shutdown,
}
