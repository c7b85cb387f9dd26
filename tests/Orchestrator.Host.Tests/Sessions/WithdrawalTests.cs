using System.Collections.Concurrent;
using Google.Protobuf;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Approvals;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;
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
        await device.LatestCommandAsync("reset");
        await agents[0].HearEndAsync(JobState.Withdrawn);
        Assert.Equal("withdrawn", (await job.WatchAsync())[^1].Kind);
    }

    [Fact]
    public async Task Withdraw_WhereTheManifestLetsTheEpochFinish_GivesTheDeviceTheWithdrawalAndKeepsItsResult()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host, withdrawal: WithdrawalRule.FinishEpoch);
        byte[]? relayed = null;
        device.OnRun = async run =>
        {
            await run.ProgressAsync(1);
            relayed = (await run.ReceiveAsync()).FinishEpoch.Withdrawal.ToByteArray();
            await run.ProgressAsync(2);
            await run.FinishAsync();
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync(happened => happened.Kind == "progress");

        byte[] withdrawal = await WithdrawAsync(job);

        List<JobEvent> events = await job.WatchAsync();
        Assert.Equal(("withdrawn", job.Clients[0].Party.Name), (events[^1].Kind, events[^1].Party));
        Assert.Contains(events, happened => happened.Kind == "withdrawing" && happened.State == JobState.Running);
        Assert.Equal(withdrawal, relayed);
        Job ended = await job.GetAsync();
        Assert.Equal(("receipt", 2), (ended.Receipt.ToStringUtf8(), ended.Outputs.Count));
    }

    [Fact]
    public async Task Withdraw_AndTheSessionIsLost_EndsTheJobWithoutAResult()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host, withdrawal: WithdrawalRule.FinishEpoch);
        device.OnRun = async run =>
        {
            await run.ProgressAsync(1);
            Assert.NotNull((await run.ReceiveAsync()).FinishEpoch);
            throw new OrchestratorException(new ErrorCode("device-away", ErrorClass.Unavailable, "Away.", "Wait."), "away");
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync(happened => happened.Kind == "progress");

        await WithdrawAsync(job);

        Assert.Equal("withdrawn", (await job.WatchAsync())[^1].Kind);
        Assert.Empty((await job.GetAsync()).Receipt);
    }

    [Fact]
    public async Task Withdraw_ByAnotherPartysHand_IsRefused()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host, withdrawal: WithdrawalRule.FinishEpoch);
        device.OnRun = async run =>
        {
            await run.ProgressAsync(1);
            await Task.Delay(Timeout.Infinite, run.Ended);
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync(happened => happened.Kind == "progress");
        byte[] others = Withdrawal.Sign(job.Manifest, job.Clients[1].Party.Name, job.Clients[1].Party.SigningKey).Bytes.ToArray();

        foreach (byte[] withdrawal in new[] { [], others })
        {
            var request = new WithdrawRequest { Job = HostClient.Bytes(job.Digest), Withdrawal = ByteString.CopyFrom(withdrawal) };
            OrchestratorException failure = await Assert.ThrowsAsync<OrchestratorException>(async () => await job.Clients[0].Jobs.WithdrawAsync(request, job.Clients[0].Headers));
            Assert.Equal(ContractErrors.WithdrawalInvalid.Id, failure.Code.Id);
        }
    }

    private static async Task<byte[]> WithdrawAsync(TestJob job)
    {
        byte[] withdrawal = Withdrawal.Sign(job.Manifest, job.Clients[0].Party.Name, job.Clients[0].Party.SigningKey).Bytes.ToArray();
        await job.Clients[0].Jobs.WithdrawAsync(new WithdrawRequest { Job = HostClient.Bytes(job.Digest), Withdrawal = ByteString.CopyFrom(withdrawal) }, job.Clients[0].Headers);
        return withdrawal;
    }
}
