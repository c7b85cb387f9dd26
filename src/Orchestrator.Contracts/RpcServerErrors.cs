using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;
using Orchestrator.Errors;

namespace Orchestrator.Contracts;

/// <summary>
/// The one place where a server's exceptions become statuses. An <see cref="OrchestratorException"/> keeps its code;
/// everything unexpected is logged here and leaves as a plain <c>INTERNAL</c> that says nothing about its cause.
/// </summary>
public sealed partial class RpcServerErrors(ILogger<RpcServerErrors> log) : Interceptor
{
    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception failure)
        {
            throw Translate(failure, context);
        }
    }

    /// <inheritdoc/>
    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception failure)
        {
            throw Translate(failure, context);
        }
    }

    /// <inheritdoc/>
    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception failure)
        {
            throw Translate(failure, context);
        }
    }

    /// <inheritdoc/>
    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception failure)
        {
            throw Translate(failure, context);
        }
    }

    private RpcException Translate(Exception failure, ServerCallContext context)
    {
        switch (failure)
        {
            case OrchestratorException known:
                LogRefused(context.Method, known.Code.Id);
                return RpcErrors.ToRpc(known);
            case RpcException rpc:
                return rpc;
            case InvalidProtocolBufferException:
                return RpcErrors.ToRpc(new OrchestratorException(RpcErrors.Malformed, RpcErrors.Malformed.Meaning));
            case OperationCanceledException:
                return new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled."));
            case IOException when context.CancellationToken.IsCancellationRequested:
                return new RpcException(new Status(StatusCode.Cancelled, "The connection was lost."));
            default:
                LogUnexpected(failure, context.Method);
                return RpcErrors.ToRpc(new OrchestratorException(RpcErrors.Internal, RpcErrors.Internal.Meaning));
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "{Method} ended with {Code}")]
    private partial void LogRefused(string method, string code);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "{Method} failed unexpectedly")]
    private partial void LogUnexpected(Exception failure, string method);
}
