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

/// <summary>Consent that is taken back while a device is at work.</summary>
public class WithdrawalTests
{
    [Fact]
    public async Task Withdraw_DuringTheRun_StopsTheDevice()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        var stopped = new TaskCompletionSource();
        device.OnRun = async run =>
        {
            run.Ended.Register(() => stopped.TrySetResult());
            await run.ProgressAsync(1);
            await Task.Delay(Timeout.Infinite, run.Ended);
        };
        await job.QueueAsync();
        FakeAgent[] agents = await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync(happened => happened.Kind == "progress");

        await job.Clients[0].Jobs.WithdrawAsync(new WithdrawRequest { Job = HostClient.Bytes(job.Digest) }, job.Clients[0].Headers);

        await Expect.WithinAsync(stopped.Task);
        await Poll.UntilAsync(() => Task.FromResult(device.Commands[^1] == "reset" && agents[0].HasHeardEnd(JobState.Withdrawn)));
        Assert.Equal("withdrawn", (await job.WatchAsync())[^1].Kind);
    }

    [Fact]
    public async Task Withdraw_WhereTheManifestLetsTheEpochFinish_StopsTheDeviceAfterIt()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host, withdrawal: WithdrawalRule.FinishEpoch);
        var withdrawn = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        bool wentOn = false;
        device.OnRun = async run =>
        {
            run.Ended.Register(() => stopped.TrySetResult());
            await run.ProgressAsync(1);
            await withdrawn.Task;
            wentOn = (await run.AskAsync(FakeRun.ReadFrame(1, 0))).Frame is not null;
            for (uint epoch = 2; !run.Ended.IsCancellationRequested; epoch++)
            {
                await run.ProgressAsync(epoch);
                await Task.Delay(TimeSpan.FromMilliseconds(10), run.Ended);
            }
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync(happened => happened.Kind == "progress");

        await job.Clients[0].Jobs.WithdrawAsync(new WithdrawRequest { Job = HostClient.Bytes(job.Digest) }, job.Clients[0].Headers);
        withdrawn.SetResult();

        await Expect.WithinAsync(stopped.Task);
        Assert.True(wentOn);
    }
}
