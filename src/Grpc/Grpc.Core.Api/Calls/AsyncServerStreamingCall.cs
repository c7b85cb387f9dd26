namespace Grpc.Core;

/// <summary>A call with one request message and a stream of responses.</summary>
public sealed class AsyncServerStreamingCall<TResponse> : IDisposable
{
    private readonly CallHandle call;

    /// <summary>Joins the parts of a call that needs no state of its own; used by fakes and interceptors.</summary>
    public AsyncServerStreamingCall(
        IAsyncStreamReader<TResponse> responseStream,
        Task<Metadata> responseHeadersAsync,
        Func<Status> getStatusFunc,
        Func<Metadata> getTrailersFunc,
        Action disposeAction)
        : this(responseStream, CallHandle.Stateless(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction))
    {
    }

    /// <summary>Joins the parts of a call; <paramref name="state"/> is handed to each function.</summary>
    public AsyncServerStreamingCall(
        IAsyncStreamReader<TResponse> responseStream,
        Func<object, Task<Metadata>> responseHeadersAsync,
        Func<object, Status> getStatusFunc,
        Func<object, Metadata> getTrailersFunc,
        Action<object> disposeAction,
        object state)
        : this(responseStream, new CallHandle(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction, state))
    {
    }

    private AsyncServerStreamingCall(IAsyncStreamReader<TResponse> responseStream, CallHandle call)
    {
        ResponseStream = responseStream;
        this.call = call;
    }

    /// <summary>Where the client reads the server's messages.</summary>
    public IAsyncStreamReader<TResponse> ResponseStream { get; }

    /// <summary>The headers that the server sent before its first message.</summary>
    public Task<Metadata> ResponseHeadersAsync => call.ResponseHeadersAsync();

    /// <summary>The status of the call.</summary>
    /// <exception cref="InvalidOperationException">The call has not finished yet.</exception>
    public Status GetStatus() => call.GetStatus();

    /// <summary>The trailers of the call.</summary>
    /// <exception cref="InvalidOperationException">The call has not finished yet.</exception>
    public Metadata GetTrailers() => call.GetTrailers();

    /// <summary>Releases the call. One that is still running is cancelled.</summary>
    public void Dispose() => call.Dispose();
}
