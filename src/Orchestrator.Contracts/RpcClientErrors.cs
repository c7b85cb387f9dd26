using Grpc.Core;
using Grpc.Core.Interceptors;
using Orchestrator.Errors;

namespace Orchestrator.Contracts;

/// <summary>
/// Makes the stubs of a channel throw <see cref="OrchestratorException"/> instead of <see cref="RpcException"/>, and
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
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(new Writer<TRequest>(call.RequestStream, cancel), new Reader<TResponse>(call.ResponseStream, cancel), Translate(call.ResponseHeadersAsync, cancel), call.GetStatus, call.GetTrailers, call.Dispose);
    }

    // A peer that is killed in the middle of a message can end a call with the transport's own exception, or with a cancellation that nobody here asked for.
    private static Exception Translate(Exception failure, CancellationToken cancel) => failure switch
    {
        OperationCanceledException when cancel.IsCancellationRequested => failure,
        _ when cancel.IsCancellationRequested => new OperationCanceledException(failure.Message, failure, cancel),
        RpcException rpc => RpcErrors.FromRpc(rpc),
        _ => new OrchestratorException(RpcErrors.Unavailable, RpcErrors.Unavailable.Meaning, inner: failure),
    };

    private static bool IsOfTheCall(Exception failure) => failure is RpcException or IOException or HttpRequestException or OperationCanceledException;

    private static async Task<T> Translate<T>(Task<T> task, CancellationToken cancel, CancellationToken alsoCancel = default)
    {
        try
        {
            return await task.ConfigureAwait(false);
        }
        catch (Exception failure) when (IsOfTheCall(failure))
        {
            throw Translate(failure, alsoCancel.IsCancellationRequested ? alsoCancel : cancel);
        }
    }

    // To write to a call that is over is a mistake in gRPC's eyes, where only the peer knew that it was.
    private static async Task TranslateWrite(Task task, CancellationToken cancel, CancellationToken alsoCancel = default)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (Exception failure) when (IsOfTheCall(failure) || failure is InvalidOperationException)
        {
            throw Translate(failure, alsoCancel.IsCancellationRequested ? alsoCancel : cancel);
        }
    }

    private sealed class Reader<T>(IAsyncStreamReader<T> inner, CancellationToken cancel) : IAsyncStreamReader<T>
    {
        public T Current => inner.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken) => Translate(inner.MoveNext(cancellationToken), cancel, cancellationToken);
    }

    private sealed class Writer<T>(IClientStreamWriter<T> inner, CancellationToken cancel) : IClientStreamWriter<T>
    {
        public WriteOptions? WriteOptions
        {
            get => inner.WriteOptions;
            set => inner.WriteOptions = value;
        }

        public Task WriteAsync(T message) => TranslateWrite(inner.WriteAsync(message), cancel);

        public Task WriteAsync(T message, CancellationToken cancellationToken) => TranslateWrite(inner.WriteAsync(message, cancellationToken), cancel, cancellationToken);

        public Task CompleteAsync() => TranslateWrite(inner.CompleteAsync(), cancel);
    }
}
