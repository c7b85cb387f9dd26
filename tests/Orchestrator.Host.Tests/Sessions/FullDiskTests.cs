using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto.IO;
using Orchestrator.Crypto.Streams;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests.Sessions;

/// <summary>A host whose disk fills up while a device runs.</summary>
public class FullDiskTests
{
    private const int OutcomeNotWritten = 206;

    [Fact]
    public async Task Job_WhoseModelFindsNoRoom_FailsSayingSoAndLeavesTheHostAtWork()
    {
        using SmallDisk disk = SmallDisk.Mount();
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address], State = Path.Combine(disk.Path, "state") });
        using var job = new TestJob(host);
        device.OnRun = async run =>
        {
            disk.Fill(leave: 64 << 10);
            await run.FinishAsync(SealedSample.Create(1 << 20, StreamKind.Model, "device"));
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        List<JobEvent> events = await job.WatchAsync();

        Assert.Equal(("failed", StorageErrors.Full.Id), (events[^1].Kind, events[^1].Error.Code));
        Assert.DoesNotContain(disk.Path, events[^1].Text, StringComparison.Ordinal);
        Assert.Empty((await job.GetAsync()).Outputs);
        Assert.Empty(Directory.GetFiles(Path.Combine(host.State, "uploads")));
        await device.LatestCommandAsync("reset");

        disk.Empty();
        device.OnRun = run => run.FinishAsync();
        using var next = new TestJob(host, serial: 2, parties: [.. job.Clients.Select(client => client.Party)]);
        await next.QueueAsync();
        Assert.Equal("completed", (await next.WatchAsync())[^1].Kind);
    }

    [Fact]
    public async Task Job_WhoseFailureCannotBeWrittenDown_IsSettledWhenThereIsRoomAgain()
    {
        using SmallDisk disk = SmallDisk.Mount();
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address], State = Path.Combine(disk.Path, "state") });
        using var job = new TestJob(host);
        device.OnRun = async run =>
        {
            disk.Fill(leave: 0);
            for (uint epoch = 1; true; epoch++)
            {
                host.Clock.Advance(TimeSpan.FromMilliseconds(300));
                await run.ProgressAsync(epoch);
            }
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await host.Log.HappenedAsync(OutcomeNotWritten);
        disk.Empty();

        List<JobEvent> events = await job.WatchAsync();

        Assert.Equal(("failed", StorageErrors.Full.Id), (events[^1].Kind, events[^1].Error.Code));
    }
}
