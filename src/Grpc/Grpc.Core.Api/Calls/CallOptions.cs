namespace Grpc.Core;

/// <summary>What a caller may say about one call. A value: each <c>With</c> method returns a changed copy.</summary>
public readonly struct CallOptions
{
    /// <summary>Options with the given parts; what is left out takes the channel's default.</summary>
    public CallOptions(
        Metadata? headers = null,
        DateTime? deadline = null,
        CancellationToken cancellationToken = default,
        WriteOptions? writeOptions = null,
        ContextPropagationToken? propagationToken = null,
        CallCredentials? credentials = null)
    {
        Headers = headers;
        Deadline = deadline;
        CancellationToken = cancellationToken;
        WriteOptions = writeOptions;
        PropagationToken = propagationToken;
        Credentials = credentials;
    }

    /// <summary>Headers sent before the first message.</summary>
    public Metadata? Headers { get; private init; }

    /// <summary>When the call is given up with status DeadlineExceeded, in UTC; null for never.</summary>
    public DateTime? Deadline { get; private init; }

    /// <summary>Ends the call with status Cancelled.</summary>
    public CancellationToken CancellationToken { get; private init; }

    /// <summary>How messages are written unless a stream says otherwise.</summary>
    public WriteOptions? WriteOptions { get; private init; }

    /// <summary>Ties this call to the server call that it is made for.</summary>
    public ContextPropagationToken? PropagationToken { get; private init; }

    /// <summary>Credentials of this call, next to those of its channel.</summary>
    public CallCredentials? Credentials { get; private init; }

    /// <summary>True when the call waits for an unreachable server instead of failing at once with Unavailable.</summary>
    public bool IsWaitForReady { get; private init; }

    /// <summary>A copy with other headers.</summary>
    public CallOptions WithHeaders(Metadata headers) => this with { Headers = headers };

    /// <summary>A copy with another deadline, in UTC.</summary>
    public CallOptions WithDeadline(DateTime deadline) => this with { Deadline = deadline };

    /// <summary>A copy with another cancellation token.</summary>
    public CallOptions WithCancellationToken(CancellationToken cancellationToken) => this with { CancellationToken = cancellationToken };

    /// <summary>A copy with other write options.</summary>
    public CallOptions WithWriteOptions(WriteOptions writeOptions) => this with { WriteOptions = writeOptions };

    /// <summary>A copy tied to a server call.</summary>
    public CallOptions WithPropagationToken(ContextPropagationToken propagationToken) => this with { PropagationToken = propagationToken };

    /// <summary>A copy with other credentials.</summary>
    public CallOptions WithCredentials(CallCredentials credentials) => this with { Credentials = credentials };

    /// <summary>A copy that waits, or not, until the server can be reached.</summary>
    public CallOptions WithWaitForReady(bool waitForReady = true) => this with { IsWaitForReady = waitForReady };
}
