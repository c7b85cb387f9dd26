using Google.Protobuf;
using Grpc.Core;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests.Sessions;

/// <summary>Agents that say what nobody asked them.</summary>
public class HostileAgentTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Attend_WithoutSayingSo_IsRefused(bool saysSomething)
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        using AsyncDuplexStreamingCall<AgentMessage, HostMessage> call = client.Releases.Attend(client.Headers);
        if (saysSomething)
        {
            await call.RequestStream.WriteAsync(new AgentMessage { Nonce = new Nonce() });
        }

        await call.RequestStream.CompleteAsync();

        await Expect.CodeAsync(HostErrors.AgentProtocol, () => call.ResponseStream.MoveNext(CancellationToken.None));
    }

    [Fact]
    public async Task Answers_ThatFitNoQuestion_AreDropped()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        device.OnRun = run => run.FinishAsync();
        await job.QueueAsync();
        await FakeAgent.AttendAsync(job.Clients[0]);
        await FakeAgent.AttendAsync(job.Clients[1]);
        Task attending = AttendBabblingAsync(job.Lab);

        Assert.Equal("completed", (await job.WatchAsync())[^1].Kind);
        Assert.False(attending.IsFaulted);
    }

    // Before each honest answer one of a job that is none, one of no job, and one in another kind than was asked for.
    private static async Task AttendBabblingAsync(HostClient client)
    {
        using AsyncDuplexStreamingCall<AgentMessage, HostMessage> call = client.Releases.Attend(client.Headers);
        await call.RequestStream.WriteAsync(new AgentMessage { Attending = new Attending() });
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            HostMessage asked = call.ResponseStream.Current;
            (ByteString job, uint attempt) = asked.NonceRequest is { } nonce ? (nonce.Job, nonce.Attempt) : asked.QuoteOffer is { } offer ? (offer.Job, offer.Attempt) : (ByteString.Empty, 0u);
            AgentMessage[] kinds =
            [
                new() { KeyPackage = new KeyPackageOffer { Job = job, Attempt = attempt, SealedPackage = ByteString.CopyFromUtf8("keys") } },
                new() { Nonce = new Nonce { Job = job, Attempt = attempt, Nonce_ = FakeAgent.NonceOf("lab") } },
            ];
            AgentMessage[] answers =
            [
                new() { Nonce = new Nonce { Job = ByteString.CopyFrom(1, 2, 3), Attempt = attempt } },
                new(),
                .. asked.QuoteOffer is null ? kinds : kinds.Reverse(),
            ];
            foreach (AgentMessage answer in asked.NonceRequest is null && asked.QuoteOffer is null ? [] : answers)
            {
                await call.RequestStream.WriteAsync(answer);
            }
        }
    }
}
