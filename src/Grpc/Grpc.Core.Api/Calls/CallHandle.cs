namespace Grpc.Core;

/// <summary>What every kind of call can do besides exchanging messages, as handed over by the channel.</summary>
internal sealed class CallHandle(
    Func<object, Task<Metadata>> responseHeadersAsync,
    Func<object, Status> getStatusFunc,
    Func<object, Metadata> getTrailersFunc,
    Action<object> disposeAction,
    object state)
{
    internal static CallHandle Stateless(
        Task<Metadata> responseHeadersAsync, Func<Status> getStatusFunc, Func<Metadata> getTrailersFunc, Action disposeAction) =>
        new(_ => responseHeadersAsync, _ => getStatusFunc(), _ => getTrailersFunc(), _ => disposeAction(), string.Empty);

    internal Task<Metadata> ResponseHeadersAsync() => responseHeadersAsync(state);

    internal Status GetStatus() => getStatusFunc(state);

    internal Metadata GetTrailers() => getTrailersFunc(state);

    internal void Dispose() => disposeAction(state);
}
