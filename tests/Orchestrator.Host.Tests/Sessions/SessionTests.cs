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

/// <summary>What a session relays, and what becomes of the job when it succeeds, fails or is lost.</summary>
public class SessionTests
{
    [Fact]
    public async Task Session_WithWillingAgents_RelaysEverythingAndCompletes()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        var read = new ConcurrentDictionary<int, (byte[] Bytes, byte[] Leaves)>();
        SealedSample model = SealedSample.Create(300_000, StreamKind.Model, "device");
        device.OnRun = async run =>
        {
            for (int index = 0; index < job.Samples.Count; index++)
            {
                read[index] = await run.ReadStreamAsync((uint)index + 1, job.Samples[index].Value.Layout.FrameCount);
            }

            await run.ProgressAsync(5);
            await run.FinishAsync(model);
        };
        await job.QueueAsync();
        FakeAgent[] agents = await FakeAgent.AttendAllAsync(job);

        List<JobEvent> events = await job.WatchAsync();

        Job done = await job.GetAsync(job.Clients[0]);
        Assert.Equal((JobState.Completed, "receipt"), (done.State, done.Receipt.ToStringUtf8()));
        Assert.Equal(FakeDevice.EvidenceOf(device.Loaded!), done.Evidence.ToByteArray());
        Assert.Equal(["metrics", "model"], done.Outputs.Select(output => output.Name));
        Assert.Equal((model.Digest, (ulong)model.Bytes.Length), (new Digest(done.Outputs[1].Digest.Span), done.Outputs[1].Size));
        foreach ((int index, (byte[] bytes, byte[] leaves)) in read)
        {
            Assert.Equal(job.Samples[index].Value.Bytes, bytes);
            Digest prologue = MerkleTree.LeafHash(bytes.AsSpan(0, job.Samples[index].Value.Layout.Prologue.Length));
            Assert.Equal(job.Samples[index].Value.Digest, MerkleTree.Root([prologue, .. leaves.Chunk(Digest.Size).Select(leaf => new Digest(leaf))]));
        }

        Assert.Equal(3, read.Count);
        Assert.Equal(job.Manifest.Encoding.ToArray(), device.Loaded!.Manifest.ToByteArray());
        Assert.Equal(job.Clients.Select(client => ByteString.CopyFrom(job.ApprovalOf(client.Party))), device.Loaded.Approvals);
        Assert.Equal(job.Clients.Select(client => (client.Party.Name, FakeAgent.NonceOf(client.Party.Name))), device.Loaded.Nonces.Select(nonce => (nonce.Party, nonce.Nonce)));
        Assert.All(agents, agent => Assert.Equal(done.Evidence, agent.Heard.Single(message => message.QuoteOffer is not null).QuoteOffer.Evidence));
        string[] commands = [.. device.Commands.Where(command => command != "status")];
        Assert.Equal(["reset", "trusted", "load", "quote"], commands[..4]);
        Assert.Equal(["stage clinic-a keys of clinic-a", "stage clinic-b keys of clinic-b", "stage lab keys of lab"], commands[4..7].Order());
        Assert.Equal(["commit", "run", "reset"], commands[7..]);
        Assert.Equal(
            ["device_assigned", "quote_relayed", "key_package_relayed", "key_package_relayed", "key_package_relayed", "running", "progress", "completed"],
            events.Select(happened => happened.Kind).SkipWhile(kind => kind != "device_assigned"));
        Assert.Equal((5u, 50ul), (events[^2].Progress.Epoch, events[^2].Progress.FramesRead));
    }

    [Fact]
    public async Task Overhead_OfACompletedJob_IsInItsLastEventTermByTerm()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        device.OnRun = run => run.FinishAsync(finished: new Finished
        {
            TrainingMicroseconds = 70,
            WaitingMicroseconds = 20,
            TransferMicroseconds = 1,
            DecryptMicroseconds = 2,
            IngestMicroseconds = 3,
            EgressMicroseconds = ulong.MaxValue,
        });
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync();
        await host.RestartAsync();
        await job.ReconnectAsync(host);

        JobEvent last = (await job.WatchAsync())[^1];

        Assert.NotEqual(0ul, last.Overhead.AttestMicroseconds);
        Assert.NotEqual(0ul, last.Overhead.KeyWaitMicroseconds);
        Assert.Equal((1ul, 2ul, 3ul), (last.Overhead.TransferMicroseconds, last.Overhead.DecryptMicroseconds, last.Overhead.IngestMicroseconds));
        Assert.Equal((50ul, (ulong)long.MaxValue), (last.Overhead.ComputeMicroseconds, last.Overhead.EgressMicroseconds));
        Assert.Contains("ingest 0.000, compute 0.000", last.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outputs_OfACompletedJob_AreReadableByItsPartiesOnly()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        SealedSample model = SealedSample.Create(3000, StreamKind.Model, "device");
        device.OnRun = run => run.FinishAsync(model);
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync();

        await host.RestartAsync();
        await job.ReconnectAsync(host);

        Assert.Equal(model.Bytes, await job.Lab.GetAsync(model.Digest));
        Assert.Equal(model.Bytes, await job.Clients[0].GetAsync(model.Digest));
        Assert.True((await job.Lab.StatAsync(model.Digest)).Complete);
        using HostClient stranger = await host.LoginAsync(new TestParty("stranger"));
        await Expect.CodeAsync(HostErrors.ObjectNotFound, () => stranger.GetAsync(model.Digest));
        await Expect.CodeAsync(HostErrors.ObjectNotFound, () => job.Lab.GetAsync(job.Samples[1].Value.Digest));
    }

    [Fact]
    public async Task Session_WithARefusal_FailsWithEveryDenial()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        await job.QueueAsync();
        await using FakeAgent willing = await FakeAgent.AttendAsync(job.Lab);
        await using FakeAgent first = await FakeAgent.AttendAsync(job.Clients[0], FakeAgent.Refuse);
        await using FakeAgent second = await FakeAgent.AttendAsync(job.Clients[1], FakeAgent.Refuse);

        List<JobEvent> events = await job.WatchAsync();

        Job failed = await job.GetAsync();
        Assert.Equal((JobState.Failed, HostErrors.ReleaseRefused.Id), (failed.State, failed.Failure.Code));
        Assert.Equal(2, failed.Failure.Denials.Count);
        Assert.Equal(("evidence-debug", "debug", "false", "true [2J", "clinic-b"), (failed.Failure.Denials[0].Code, failed.Failure.Denials[0].Claim, failed.Failure.Denials[0].Expected, failed.Failure.Denials[0].Observed, failed.Failure.Denials[0].PolicyOf));
        Assert.Equal(["clinic-a", "clinic-b"], events.Where(happened => happened.Kind == "refused").Select(happened => happened.Party));
        Assert.DoesNotContain("commit", device.Commands);
        await device.LatestCommandAsync("reset");
        await willing.HearEndAsync(JobState.Failed);
    }

    [Fact]
    public async Task Session_WithASecurityException_FailsWithIt()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        device.OnRun = async run =>
        {
            await run.WriteOutputAsync("model", SealedSample.Create(3000, StreamKind.Model, "device").Bytes);
            await run.SendAsync(new DeviceTransfer { Exception = RpcErrors.ToDetail(FakeRun.Failure) });
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        List<JobEvent> events = await job.WatchAsync();

        Assert.Equal(("failed", "device-security-exception", "Frame 3 of stream 2 is not authentic."), (events[^1].Kind, events[^1].Error.Code, events[^1].Text));
        Assert.Empty((await job.GetAsync()).Outputs);
        await device.LatestCommandAsync("reset");
        Assert.Empty(Directory.GetFiles(Path.Combine(host.State, "uploads")));
    }

    [Fact]
    public async Task Session_WhoseDeviceRefusesAPackage_FailsWithTheDevicesReason()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        device.OnStage = request => throw new Errors.OrchestratorException(ContractErrors.KeyPackageInvalid, "It does not open.");
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        await job.WatchAsync();

        Assert.Equal(ContractErrors.KeyPackageInvalid.Id, (await job.GetAsync()).Failure.Code);
    }

    [Fact]
    public async Task Session_WhoseDeviceRestartsBetweenTwoCommands_IsRepeated()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        int staged = 0;
        device.OnStage = request => _ = Interlocked.Increment(ref staged) == 1
            ? throw new Errors.OrchestratorException(new Errors.ErrorCode("device-command-illegal", Errors.ErrorClass.Conflict, "Out of order.", "Reset the device."), "Stage is not possible while the device is idle.")
            : true;
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        List<JobEvent> events = await job.WatchAsync();

        Assert.Equal("completed", events[^1].Kind);
        Assert.Equal(HostErrors.DeviceAway.Id, events.Single(happened => happened.Kind == "requeued").Error.Code);
    }

    [Fact]
    public async Task Session_WhoseDeviceDiesInTheMiddle_IsRepeated()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        int runs = 0;
        device.OnRun = async run =>
        {
            if (Interlocked.Increment(ref runs) == 1)
            {
                await run.WriteOutputAsync("metrics", SealedSample.Create(100, StreamKind.Metrics, "device").Bytes);
            }
            else
            {
                await run.FinishAsync();
            }
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        List<JobEvent> events = await job.WatchAsync();

        Assert.Equal("completed", events[^1].Kind);
        JobEvent requeued = events.Single(happened => happened.Kind == "requeued");
        Assert.Equal(JobState.Queued, requeued.State);
        Assert.Equal(2, events.Count(happened => happened.Kind == "device_assigned"));
    }

    [Fact]
    public async Task Session_WhoseDeviceIsKilled_GoesBackToTheQueue()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        device.OnRun = async run =>
        {
            await run.ProgressAsync(1);
            await Task.Delay(Timeout.Infinite, run.Ended);
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync(happened => happened.Kind == "progress");

        await device.DisposeAsync();

        List<JobEvent> events = await job.WatchAsync(happened => happened.Kind == "waiting_for_device");
        Assert.Equal(HostErrors.DeviceAway.Id, events.Single(happened => happened.Kind == "requeued").Error.Code);
        Assert.Equal(JobState.Queued, (await job.GetAsync()).State);
    }

    [Fact]
    public async Task Session_ThatLosesEveryDevice_FailsInTheEnd()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        device.OnRun = _ => Task.CompletedTask;
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        List<JobEvent> events = await job.WatchAsync();

        Assert.Equal(("failed", HostErrors.DeviceAway.Id), (events[^1].Kind, events[^1].Error.Code));
        Assert.Equal(50, events.Count(happened => happened.Kind == "device_assigned"));
    }

    [Fact]
    public async Task Host_StoppedDuringTheRun_RepeatsTheSession()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        int runs = 0;
        device.OnRun = async run =>
        {
            if (Interlocked.Increment(ref runs) == 1)
            {
                await Task.Delay(Timeout.Infinite, run.Ended);
            }

            await run.FinishAsync();
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await device.LatestCommandAsync("run");

        await host.RestartAsync();
        await job.ReconnectAsync(host);
        Assert.Equal(JobState.Queued, (await job.GetAsync()).State);
        await FakeAgent.AttendAllAsync(job);

        List<JobEvent> events = await job.WatchAsync();
        Assert.Equal("completed", events[^1].Kind);
        Assert.Equal("The host stopped during attempt 1; another follows.", events.Single(happened => happened.Kind == "requeued").Text);
        Assert.Equal(Enumerable.Range(1, events.Count).Select(number => (ulong)number), events.Select(happened => happened.Sequence));
    }
}
