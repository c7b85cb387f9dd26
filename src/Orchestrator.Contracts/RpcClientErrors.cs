using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Orchestrator.Contracts;

/// <summary>
/// Makes the stubs of a channel throw <see cref="Errors.OrchestratorException"/> instead of <see cref="RpcException"/>, and
/// <see cref="OperationCanceledException"/> when the caller cancelled: <c>new X.XClient(channel.Intercept(new RpcClientErrors()))</c>.
/// </summary>
public sealed class RpcClientErrors : Interceptor
{
    /// <inheritdoc/>
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        CancellationToken cancel = context.Options.CancellationToken;
        AsyncUnaryCall<TResponse> call = continuation(request, context);
        return new AsyncUnaryCall<TResponse>(Translate(call.ResponseAsync, cancel), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    /// <inheritdoc/>
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(TRequest request, ClientInterceptorContext<TRequest, TResponse> context, BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        try
        {
            return continuation(request, context);
        }
        catch (RpcException failure)
        {
            throw Translate(failure, context.Options.CancellationToken);
        }
    }

    /// <inheritdoc/>
    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context, AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        CancellationToken cancel = context.Options.CancellationToken;
        AsyncClientStreamingCall<TRequest, TResponse> call = continuation(context);
        return new AsyncClientStreamingCall<TRequest, TResponse>(new Writer<TRequest>(call.RequestStream, cancel), Translate(call.ResponseAsync, cancel), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    /// <inheritdoc/>
    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        CancellationToken cancel = context.Options.CancellationToken;
        AsyncServerStreamingCall<TResponse> call = continuation(request, context);
        return new AsyncServerStreamingCall<TResponse>(new Reader<TResponse>(call.ResponseStream, cancel), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    /// <inheritdoc/>
    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        CancellationToken cancel = context.Options.CancellationToken;
        AsyncDuplexStreamingCall<TRequest, TResponse> call = continuation(context);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(new Writer<TRequest>(call.RequestStream, cancel), new Reader<TResponse>(call.ResponseStream, cancel), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    private static Exception Translate(RpcException failure, CancellationToken cancel) =>
        cancel.IsCancellationRequested ? new OperationCanceledException(failure.Message, failure, cancel) : RpcErrors.FromRpc(failure);

    private static async Task<T> Translate<T>(Task<T> task, CancellationToken cancel)
    {
        try
        {
            return await task.ConfigureAwait(false);
        }
        catch (RpcException failure)
        {
            throw Translate(failure, cancel);
        }
    }

    private static async Task Translate(Task task, CancellationToken cancel)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (RpcException failure)
        {
            throw Translate(failure, cancel);
        }
    }

    private sealed class Reader<T>(IAsyncStreamReader<T> inner, CancellationToken cancel) : IAsyncStreamReader<T>
    {
        public T Current => inner.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken) =>
            Translate(inner.MoveNext(cancellationToken), cancellationToken.IsCancellationRequested ? cancellationToken : cancel);
    }

    private sealed class Writer<T>(IClientStreamWriter<T> inner, CancellationToken cancel) : IClientStreamWriter<T>
    {
        public WriteOptions? WriteOptions
        {
            get => inner.WriteOptions;
            set => inner.WriteOptions = value;
        }

        public Task WriteAsync(T message) => Translate(inner.WriteAsync(message), cancel);

        public Task WriteAsync(T message, CancellationToken cancellationToken) =>
            Translate(inner.WriteAsync(message, cancellationToken), cancellationToken.IsCancellationRequested ? cancellationToken : cancel);

        public Task CompleteAsync() => Translate(inner.CompleteAsync(), cancel);
    }
}
