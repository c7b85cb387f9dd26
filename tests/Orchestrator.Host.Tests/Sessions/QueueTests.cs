using System.Collections.Concurrent;
using Google.Protobuf;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests.Sessions;

/// <summary>Jobs that wait: for agents, for devices, for each other.</summary>
public class QueueTests
{
    [Fact]
    public async Task Job_WhoseAgentIsAway_WaitsAndGoesOnWhenItComes()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        await job.QueueAsync();
        await using FakeAgent lab = await FakeAgent.AttendAsync(job.Lab);
        await using FakeAgent first = await FakeAgent.AttendAsync(job.Clients[0]);

        List<JobEvent> waiting = await job.WatchAsync(happened => happened.Text == "No agent attends for clinic-b.");
        Assert.Equal("waiting_for_agent", waiting[^1].Kind);
        await using FakeAgent second = await FakeAgent.AttendAsync(job.Clients[1]);

        Assert.Equal("completed", (await job.WatchAsync())[^1].Kind);
    }

    [Fact]
    public async Task Job_WhoseAgentStaysAway_FailsAfterTheTimeout()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        await job.QueueAsync();
        await job.WatchAsync(happened => happened.Kind == "waiting_for_agent");

        host.Clock.Advance(TimeSpan.FromMinutes(10));

        List<JobEvent> events = await job.WatchAsync();
        Assert.Equal(("failed", HostErrors.AgentAway.Id), (events[^1].Kind, events[^1].Error.Code));
    }

    [Fact]
    public async Task Job_WithoutADevice_WaitsAndGoesOnWhenItComesBack()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        device.IsAway = true;
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync(happened => happened.Kind == "waiting_for_device");
        Assert.Equal("away", (await job.Lab.Parties.DescribeAsync(new DescribeRequest())).Devices.Single().State);

        device.IsAway = false;

        Assert.Equal("completed", (await job.WatchAsync())[^1].Kind);
        DeviceDescription described = (await job.Lab.Parties.DescribeAsync(new DescribeRequest())).Devices.Single();
        Assert.Equal(("idle", "aliasdevice"), (described.State, described.Evidence.ToStringUtf8()));
    }

    [Fact]
    public async Task Job_WithoutADeviceForTooLong_Fails()
    {
        await using TestHost host = await TestHost.StartAsync();
        using var job = new TestJob(host);
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync(happened => happened.Kind == "waiting_for_device");

        host.Clock.Advance(TimeSpan.FromMinutes(10));

        List<JobEvent> events = await job.WatchAsync();
        Assert.Equal(("failed", HostErrors.DeviceAway.Id), (events[^1].Kind, events[^1].Error.Code));
    }

    [Fact]
    public async Task Agent_ThatComesBackInTheMiddle_IsAskedAgain()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        await job.QueueAsync();
        await using FakeAgent lab = await FakeAgent.AttendAsync(job.Lab);
        await using FakeAgent first = await FakeAgent.AttendAsync(job.Clients[0]);
        var asked = new TaskCompletionSource();
        FakeAgent silent = await FakeAgent.AttendAsync(job.Clients[1], message =>
        {
            asked.TrySetResult();
            return null;
        });
        await Expect.WithinAsync(asked.Task);
        await silent.DisposeAsync();

        await using FakeAgent second = await FakeAgent.AttendAsync(job.Clients[1]);

        Assert.Equal("completed", (await job.WatchAsync())[^1].Kind);
    }

    [Fact]
    public async Task Agent_ThatIsStartedAgainBetweenNonceAndAnswer_CostsTheAttemptOnly()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        await job.QueueAsync();
        await using FakeAgent lab = await FakeAgent.AttendAsync(job.Lab);
        await using FakeAgent first = await FakeAgent.AttendAsync(job.Clients[0]);
        var offered = new TaskCompletionSource();
        FakeAgent killed = null!;
        killed = await FakeAgent.AttendAsync(job.Clients[1], message =>
        {
            if (message.QuoteOffer is null)
            {
                return killed.Release(message);
            }

            offered.TrySetResult();
            return null;
        });
        await Expect.WithinAsync(offered.Task);
        await killed.DisposeAsync();

        // It knows no nonce of the quote that was offered, and could but refuse.
        await using FakeAgent restarted = await FakeAgent.AttendAsync(job.Clients[1]);

        List<JobEvent> events = await job.WatchAsync();
        Assert.Equal("completed", events[^1].Kind);
        Assert.Equal(HostErrors.AgentRestarted.Id, events.Single(happened => happened.Kind == "requeued").Error.Code);
        Assert.Equal(2u, restarted.Heard.Single(message => message.QuoteOffer is not null).QuoteOffer.Attempt);
    }

    [Fact]
    public async Task Agent_ThatDoesNotAnswer_CostsTheAttempt()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address], ReleaseTimeout = TimeSpan.FromMilliseconds(300) });
        using var job = new TestJob(host);
        await job.QueueAsync();
        await using FakeAgent lab = await FakeAgent.AttendAsync(job.Lab);
        await using FakeAgent first = await FakeAgent.AttendAsync(job.Clients[0]);
        await using FakeAgent silent = await FakeAgent.AttendAsync(job.Clients[1], _ => null);

        List<JobEvent> events = await job.WatchAsync();

        Assert.Equal(("failed", HostErrors.AgentAway.Id), (events[^1].Kind, events[^1].Error.Code));
        Assert.Equal(4, events.Count(happened => happened.Kind == "requeued" && happened.Error.Code == HostErrors.AgentAway.Id));
    }

    [Fact]
    public async Task Agent_ThatComesSecond_ReplacesTheFirst()
    {
        await using TestHost host = await TestHost.StartAsync();
        using HostClient client = await host.LoginAsync(new TestParty("clinic-a"));
        await using FakeAgent first = await FakeAgent.AttendAsync(client);
        await using FakeAgent second = await FakeAgent.AttendAsync(client);

        await Expect.CodeAsync(HostErrors.AgentReplaced, () => Task.WhenAny(first.Running, second.Running).Unwrap());
    }

    [Fact]
    public async Task TwoJobs_OnTwoDevices_RunAtTheSameTime()
    {
        await using FakeDevice left = await FakeDevice.StartAsync();
        await using FakeDevice right = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [left.Address, right.Address] });
        using var first = new TestJob(host);
        using var second = new TestJob(host, serial: 2, parties: [.. first.Clients.Select(client => client.Party)]);
        var both = new Barrier(2);
        left.OnRun = right.OnRun = async run =>
        {
            Assert.True(await Task.Run(() => both.SignalAndWait(TimeSpan.FromSeconds(60))));
            await run.FinishAsync();
        };
        await first.QueueAsync();
        await second.QueueAsync();
        await FakeAgent.AttendAllAsync(first);

        Assert.Equal("completed", (await first.WatchAsync())[^1].Kind);
        Assert.Equal("completed", (await second.WatchAsync())[^1].Kind);
    }

    [Fact]
    public async Task TwoJobs_OnADeviceAndItsCopy_RunOneAfterTheOther()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using FakeDevice copy = await FakeDevice.StartAsync();
        device.Ueid = copy.Ueid = ByteString.CopyFromUtf8("one of a kind");
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address, copy.Address] });
        using var first = new TestJob(host);
        using var second = new TestJob(host, serial: 2, parties: [.. first.Clients.Select(client => client.Party)]);
        device.OnRun = async run =>
        {
            await copy.LatestCommandAsync("status");
            await run.AskAsync(FakeRun.ReadFrame(1, 0));
            await run.FinishAsync();
        };

        await AssertSecondWaitsForFirstAsync(first, second);
    }

    [Fact]
    public async Task TwoJobs_OnOneDevice_RunOneAfterTheOther()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var first = new TestJob(host);
        using var second = new TestJob(host, serial: 2, parties: [.. first.Clients.Select(client => client.Party)]);
        int running = 0;
        device.OnRun = async run =>
        {
            Assert.Equal(1, Interlocked.Increment(ref running));
            await run.AskAsync(FakeRun.ReadFrame(1, 0));
            Interlocked.Decrement(ref running);
            await run.FinishAsync();
        };

        await AssertSecondWaitsForFirstAsync(first, second);
    }

    private static async Task AssertSecondWaitsForFirstAsync(TestJob first, TestJob second)
    {
        await first.LoginAsync();
        await FakeAgent.AttendAllAsync(first);
        await first.QueueAsync();
        await second.QueueAsync();

        Assert.Equal("completed", (await first.WatchAsync())[^1].Kind);
        Assert.Equal("completed", (await second.WatchAsync())[^1].Kind);
        Assert.True((await second.WatchAsync()).Last(happened => happened.Kind == "device_assigned").TimeUnixMilliseconds
            >= (await first.WatchAsync())[^1].TimeUnixMilliseconds);
    }
}
