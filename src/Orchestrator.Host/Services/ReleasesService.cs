using System.Threading.Channels;
using Grpc.Core;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Errors;
using Orchestrator.Host.Releases;

namespace Orchestrator.Host.Services;

/// <summary>Connects an agent with the sessions that need its party.</summary>
internal sealed class ReleasesService(AgentRegistry agents, IHostApplicationLifetime lifetime) : Contracts.Protocol.Host.Releases.ReleasesBase
{
    public override async Task Attend(IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<HostMessage> responseStream, ServerCallContext context)
    {
        string party = Authentication.CallerOf(context);
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.MessageCase != AgentMessage.MessageOneofCase.Attending)
        {
            throw new OrchestratorException(HostErrors.AgentProtocol, "The agent's first message does not say that it attends.");
        }

        Channel<HostMessage> messages = agents.Attend(party);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        Task listening = ListenAsync(party, requestStream, left);
        try
        {
            // Tells the agent that it is seated, though there may be nothing to ask for long.
            await context.WriteResponseHeadersAsync([]);
            await foreach (HostMessage message in messages.Reader.ReadAllAsync(left.Token))
            {
                await responseStream.WriteAsync(message, left.Token);
            }

            throw new OrchestratorException(HostErrors.AgentReplaced, $"Another agent of {party} attends now.");
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            await listening;
        }
        finally
        {
            agents.Leave(party, messages);
            await left.CancelAsync();
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Ends when the agent has said all it has to say, which ends the call.
    private async Task ListenAsync(string party, IAsyncStreamReader<AgentMessage> requestStream, CancellationTokenSource left)
    {
        try
        {
            while (await requestStream.MoveNext(left.Token))
            {
                agents.Answer(party, requestStream.Current);
            }
        }
        finally
        {
            await left.CancelAsync();
        }
    }
}
