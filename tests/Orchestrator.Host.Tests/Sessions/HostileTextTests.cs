using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests.Sessions;

/// <summary>What agents and devices say is a stranger's: however long or strange, the host keeps it in bounds, and comes up again with it in its log.</summary>
public class HostileTextTests
{
    // Three bytes a character in UTF-8, and a pair of surrogates across every place where a text might be cut.
    private static readonly string s_flood = "\u202e" + string.Concat(Enumerable.Repeat("\ud83d\ude00", 1 << 11)) + new string('\u2603', 1 << 11);

    [Fact]
    public async Task Refusals_ThatFloodTheHost_AreCutAndTheHostRestarts()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        await job.QueueAsync();
        foreach (HostClient client in job.Clients)
        {
            await FakeAgent.AttendAsync(client, Flood);
        }

        await job.WatchAsync();
        await host.RestartAsync();
        await job.ReconnectAsync(host);

        Job failed = await job.GetAsync();
        Assert.Equal((JobState.Failed, HostErrors.ReleaseRefused.Id), (failed.State, failed.Failure.Code));
        Assert.Equal(64, failed.Failure.Denials.Count);
        Assert.All(failed.Failure.Denials, denial => Assert.InRange(denial.Observed.Length, 1, 1024));
        Assert.All(failed.Failure.Denials, denial => Assert.DoesNotContain('\u202e', denial.Observed));
    }

    [Fact]
    public async Task Exception_ThatFloodsTheHost_IsCutAndTheHostRestarts()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        device.OnRun = run => run.SendAsync(new DeviceTransfer { Exception = new ErrorDetail { Code = "device-failed", Message = s_flood, Denials = { Denials(64) } } });
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        await job.WatchAsync();
        await host.RestartAsync();
        await job.ReconnectAsync(host);

        Job failed = await job.GetAsync();
        Assert.Equal((JobState.Failed, "device-failed"), (failed.State, failed.Failure.Code));
        Assert.InRange(failed.Failure.Message.Length, 1, 2048);
    }

    private static AgentMessage? Flood(HostMessage message) => message.QuoteOffer is { } offer
        ? new AgentMessage { Refusal = new Refusal { Job = offer.Job, Attempt = offer.Attempt, Denials = { Denials(40) } } }
        : FakeAgent.Refuse(message);

    private static IEnumerable<Denial> Denials(int repeated) => Enumerable.Range(0, repeated).SelectMany(_ => new[]
    {
        new Denial { Code = "x", Observed = s_flood },
        new Denial { Code = s_flood, Claim = s_flood, Expected = s_flood, Observed = s_flood, PolicyOf = s_flood, Remedy = s_flood },
    });
}
