namespace Grpc.Core;

/// <summary>How a call ended; numbers and meanings as in gRPC's status code document.</summary>
public enum StatusCode
{
    /// <summary>Success.</summary>
    OK = 0,

    /// <summary>Cancelled, usually by the caller.</summary>
    Cancelled = 1,

    /// <summary>No more is known, as when the server method threw.</summary>
    Unknown = 2,

    /// <summary>The request is wrong whatever state the server is in.</summary>
    InvalidArgument = 3,

    /// <summary>Time ran out; the server may still have done the work.</summary>
    DeadlineExceeded = 4,

    /// <summary>What was asked for does not exist.</summary>
    NotFound = 5,

    /// <summary>What was to be created exists.</summary>
    AlreadyExists = 6,

    /// <summary>The caller is known and may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A quota, a size limit or space is used up.</summary>
    ResourceExhausted = 8,

    /// <summary>The server is not in the state that the request needs; retrying alone does not help.</summary>
    FailedPrecondition = 9,

    /// <summary>Lost a race with another call; retry the whole transaction.</summary>
    Aborted = 10,

    /// <summary>Beyond the valid range, which may grow.</summary>
    OutOfRange = 11,

    /// <summary>The server has no such method.</summary>
    Unimplemented = 12,

    /// <summary>The server or the protocol broke.</summary>
    Internal = 13,

    /// <summary>The server cannot be reached now; retrying may help.</summary>
    Unavailable = 14,

    /// <summary>Data are lost or corrupted for good.</summary>
    DataLoss = 15,

    /// <summary>The caller has not proved who it is.</summary>
    Unauthenticated = 16,
}
