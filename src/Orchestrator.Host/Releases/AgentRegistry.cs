using System.Threading.Channels;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Host.Releases;

/// <summary>What an agent answered.</summary>
/// <param name="Message">That.</param>
/// <param name="Seat">The attendance in which it did.</param>
internal sealed record AgentAnswer(AgentMessage Message, Channel<HostMessage> Seat);

/// <summary>
/// The agents that attend, one a party, and the questions they were asked. A question for a nonce outlives a connection: an agent
/// that comes back is asked again what it has not answered. A quote is only offered where its nonce is known, in the attendance that gave it.
/// </summary>
internal sealed class AgentRegistry(ChangeSignal changes)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Channel<HostMessage>> _attending = [];
    private readonly Dictionary<(string Party, Digest Job, uint Attempt, string Stage), Question> _open = [];

    private sealed record Question(HostMessage Text, AgentMessage.MessageOneofCase Expected, Channel<HostMessage>? Seat, TaskCompletionSource<AgentAnswer> Answer);

    public bool IsAttending(string party)
    {
        lock (_gate)
        {
            return _attending.ContainsKey(party);
        }
    }

    /// <summary>Seats a party's agent and gives what it is to be told. An agent of the same party that sat there before is sent away: its messages end.</summary>
    public Channel<HostMessage> Attend(string party)
    {
        var messages = Channel.CreateUnbounded<HostMessage>(new UnboundedChannelOptions { SingleReader = true });
        lock (_gate)
        {
            if (_attending.Remove(party, out Channel<HostMessage>? earlier))
            {
                earlier.Writer.Complete();
            }

            _attending.Add(party, messages);
            foreach (Question question in _open.Where(open => open.Key.Party == party).Select(open => open.Value))
            {
                if (question.Seat is null)
                {
                    messages.Writer.TryWrite(question.Text);
                }
                else
                {
                    question.Answer.TrySetException(Restarted(party));
                }
            }
        }

        changes.Pulse();
        return messages;
    }

    /// <summary>Ends an attendance, unless a later one has taken the seat.</summary>
    public void Leave(string party, Channel<HostMessage> messages)
    {
        lock (_gate)
        {
            if (_attending.TryGetValue(party, out Channel<HostMessage>? present) && present == messages)
            {
                _attending.Remove(party);
            }
        }

        changes.Pulse();
    }

    /// <summary>Asks a party's agent for a nonce, and gives its answer: that, or a refusal.</summary>
    public Task<AgentAnswer> AskForNonceAsync(string party, NonceRequest request, CancellationToken cancellationToken) =>
        AskAsync((party, new Digest(request.Job.Span), request.Attempt, request.Stage), new HostMessage { NonceRequest = request }, AgentMessage.MessageOneofCase.Nonce, null, cancellationToken);

    /// <summary>Offers a party's agent a quote, and gives its answer: a key package, or a refusal.</summary>
    /// <exception cref="OrchestratorException"><see cref="HostErrors.AgentRestarted"/>: the agent does not sit any more where it gave the <paramref name="nonce"/>.</exception>
    public Task<AgentAnswer> OfferQuoteAsync(string party, QuoteOffer offer, AgentAnswer nonce, CancellationToken cancellationToken) =>
        AskAsync((party, new Digest(offer.Job.Span), offer.Attempt, offer.Stage), new HostMessage { QuoteOffer = offer }, AgentMessage.MessageOneofCase.KeyPackage, nonce.Seat, cancellationToken);

    /// <summary>Tells a party's agent something, if it attends.</summary>
    public void Tell(string party, HostMessage message)
    {
        lock (_gate)
        {
            if (_attending.TryGetValue(party, out Channel<HostMessage>? messages))
            {
                messages.Writer.TryWrite(message);
            }
        }
    }

    /// <summary>Takes what an agent says. What answers no open question, or not in kind, is dropped: it came too late.</summary>
    public void Answer(string party, Channel<HostMessage> seat, AgentMessage message)
    {
        if (QuestionOf(message) is not { } named || named.Job.Length != Digest.Size)
        {
            return;
        }

        var key = (party, new Digest(named.Job.Span), named.Attempt, named.Stage);
        lock (_gate)
        {
            if (_open.TryGetValue(key, out Question? question) && (message.MessageCase == question.Expected || message.MessageCase == AgentMessage.MessageOneofCase.Refusal))
            {
                _open.Remove(key);
                question.Answer.TrySetResult(new AgentAnswer(message, seat));
            }
        }
    }

    private static (Google.Protobuf.ByteString Job, uint Attempt, string Stage)? QuestionOf(AgentMessage message) => message.MessageCase switch
    {
        AgentMessage.MessageOneofCase.Nonce => (message.Nonce.Job, message.Nonce.Attempt, message.Nonce.Stage),
        AgentMessage.MessageOneofCase.KeyPackage => (message.KeyPackage.Job, message.KeyPackage.Attempt, message.KeyPackage.Stage),
        AgentMessage.MessageOneofCase.Refusal => (message.Refusal.Job, message.Refusal.Attempt, message.Refusal.Stage),
        _ => null,
    };

    private static OrchestratorException Restarted(string party) => new(HostErrors.AgentRestarted, $"The agent of {party} attended anew, and does not know the nonce any more that it had given.");

    private async Task<AgentAnswer> AskAsync(
        (string Party, Digest Job, uint Attempt, string Stage) key, HostMessage text, AgentMessage.MessageOneofCase expected, Channel<HostMessage>? seat, CancellationToken cancellationToken)
    {
        var question = new Question(text, expected, seat, new TaskCompletionSource<AgentAnswer>(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            if (seat is not null && _attending.GetValueOrDefault(key.Party) != seat)
            {
                throw Restarted(key.Party);
            }

            _open.Add(key, question);
            Tell(key.Party, text);
        }

        try
        {
            return await question.Answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _open.Remove(key);
            }
        }
    }
}
