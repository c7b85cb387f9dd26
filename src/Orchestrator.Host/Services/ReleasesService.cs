using System.Threading.Channels;
using Grpc.Core;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;
using Orchestrator.Host.Releases;
using Orchestrator.Host.Sessions;

namespace Orchestrator.Host.Services;

/// <summary>Connects an agent with the sessions that need its party.</summary>
internal sealed class ReleasesService(AgentRegistry agents, CheckpointLedger checkpoints, IHostApplicationLifetime lifetime) : Contracts.Protocol.Host.Releases.ReleasesBase
{
    public override async Task Attend(IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<HostMessage> responseStream, ServerCallContext context)
    {
        string party = Authentication.CallerOf(context);
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.MessageCase != AgentMessage.MessageOneofCase.Attending)
        {
            throw new OrchestratorException(HostErrors.AgentProtocol, "The agent's first message does not say that it attends.");
        }

        Channel<HostMessage> messages = agents.Attend(party);
        foreach (CheckpointWritten written in checkpoints.UnseenBy(party))
        {
            messages.Writer.TryWrite(new HostMessage { CheckpointWritten = written });
        }

        using var left = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        Task listening = ListenAsync(party, messages, requestStream, left);
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
    private async Task ListenAsync(string party, Channel<HostMessage> seat, IAsyncStreamReader<AgentMessage> requestStream, CancellationTokenSource left)
    {
        try
        {
            while (await requestStream.MoveNext(left.Token))
            {
                if (requestStream.Current.CheckpointSeen is { Job.Length: Digest.Size } seen)
                {
                    checkpoints.Seen(party, new Digest(seen.Job.Span), (int)Math.Min(seen.Counter, int.MaxValue));
                }
                else
                {
                    agents.Answer(party, seat, requestStream.Current);
                }
            }
        }
        finally
        {
            await left.CancelAsync();
        }
    }
}
