using Grpc.Core;
using Grpc.Core.Interceptors;
using Orchestrator.Errors;
using Orchestrator.Host.Identity;

namespace Orchestrator.Host.Services;

/// <summary>Admits a call if its token is valid, or if it is one of the few that need none. Services take the caller from the call's context.</summary>
internal sealed class Authentication(Tokens tokens) : Interceptor
{
    private const string Scheme = "Bearer ";

    private static readonly object s_party = new();

    private static readonly HashSet<string> s_open =
    [
        "/orchestrator.host.v1.Parties/Describe",
        "/orchestrator.host.v1.Parties/Register",
        "/orchestrator.host.v1.Parties/Challenge",
        "/orchestrator.host.v1.Parties/Login",
    ];

    /// <summary>The party that makes the call.</summary>
    /// <exception cref="InvalidOperationException">The call is one that needs no token.</exception>
    public static string CallerOf(ServerCallContext context) =>
        context.UserState.TryGetValue(s_party, out object? party) ? (string)party : throw new InvalidOperationException("The call has no caller.");

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Admit(context);
        return continuation(request, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Admit(context);
        return continuation(requestStream, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Admit(context);
        return continuation(request, responseStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Admit(context);
        return continuation(requestStream, responseStream, context);
    }

    private void Admit(ServerCallContext context)
    {
        if (s_open.Contains(context.Method))
        {
            return;
        }

        string? header = context.RequestHeaders.GetValue("authorization");
        string? party = header is not null && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? tokens.PartyOf(header[Scheme.Length..]) : null;
        context.UserState[s_party] = party ?? throw new OrchestratorException(HostErrors.LoginRequired, "The call carries no valid token.");
    }
}
