using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Host.Tests.Infrastructure;

/// <summary>A party's agent over real gRPC. It releases to everything, unless the test says otherwise.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly HostClient _client;
    private readonly AsyncDuplexStreamingCall<AgentMessage, HostMessage> _call;
    private readonly Func<HostMessage, AgentMessage?> _answer;
    private readonly ChangeSignal _heard = new();
    private Task _running = Task.CompletedTask;

    private FakeAgent(HostClient client, Func<HostMessage, AgentMessage?>? answer)
    {
        _client = client;
        _answer = answer ?? Release;
        _call = client.Releases.Attend(client.Headers);
    }

    /// <summary>What the host said, in order.</summary>
    public List<HostMessage> Heard { get; } = [];

    /// <summary>Ends when the attendance does; faulted with the host's reason.</summary>
    public Task Running => _running;

    public static async Task<FakeAgent> AttendAsync(HostClient client, Func<HostMessage, AgentMessage?>? answer = null)
    {
        var agent = new FakeAgent(client, answer);
        await agent._call.RequestStream.WriteAsync(new AgentMessage { Attending = new Attending() });
        agent._running = agent.RunAsync();
        return agent;
    }

    public static async Task<FakeAgent[]> AttendAllAsync(TestJob job) => await Task.WhenAll(job.Clients.Select(client => AttendAsync(client)));

    /// <summary>Answers a question as an agent that releases.</summary>
    public AgentMessage? Release(HostMessage message) => message.MessageCase switch
    {
        HostMessage.MessageOneofCase.NonceRequest => new AgentMessage { Nonce = new Nonce { Job = message.NonceRequest.Job, Attempt = message.NonceRequest.Attempt, Nonce_ = NonceOf(_client.Party.Name) } },
        HostMessage.MessageOneofCase.QuoteOffer => new AgentMessage { KeyPackage = new KeyPackageOffer { Job = message.QuoteOffer.Job, Attempt = message.QuoteOffer.Attempt, SealedPackage = ByteString.CopyFromUtf8($"keys of {_client.Party.Name}") } },
        _ => null,
    };

    public static AgentMessage? Refuse(HostMessage message) => message.QuoteOffer is { } offer
        ? new AgentMessage
        {
            Refusal = new Refusal
            {
                Job = offer.Job,
                Attempt = offer.Attempt,
                Denials = { new Denial { Code = "evidence-debug", Claim = "debug", Expected = "false", Observed = "true\u001b[2J", PolicyOf = "clinic-b", Remedy = "Use a device without debug access." } },
            },
        }
        : new AgentMessage { Nonce = new Nonce { Job = message.NonceRequest.Job, Attempt = message.NonceRequest.Attempt, Nonce_ = NonceOf("x") } };

    /// <summary>Waits until the host has told it that a job ended so.</summary>
    public Task HearEndAsync(JobState state) => Expect.UntilAsync(_heard, () =>
    {
        lock (Heard)
        {
            return Heard.Any(message => message.JobEnded?.State == state);
        }
    });

    public static ByteString NonceOf(string party) => ByteString.CopyFrom(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(party)));

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync()
    {
        while (await _call.ResponseStream.MoveNext(CancellationToken.None))
        {
            HostMessage message = _call.ResponseStream.Current;
            lock (Heard)
            {
                Heard.Add(message);
            }

            _heard.Pulse();

            if (_answer(message) is { } answer)
            {
                await _call.RequestStream.WriteAsync(answer);
            }
        }
    }
}
