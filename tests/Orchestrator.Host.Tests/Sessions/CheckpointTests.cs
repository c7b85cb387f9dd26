using Google.Protobuf;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests.Sessions;

/// <summary>Checkpoints between a device that writes them, agents that acknowledge them, and the session that goes on from them.</summary>
public class CheckpointTests
{
    private static readonly SealedSample First = Sample(5000);
    private static readonly SealedSample Second = Sample(6000);

    [Fact]
    public async Task Job_WhoseDeviceIsLost_GoesOnFromTheNewestCheckpoint()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        (byte[] Bytes, byte[] Leaves)? read = null;
        device.OnRun = async run =>
        {
            if (device.Loaded!.Checkpoint is null)
            {
                await run.WriteCheckpointAsync(1, First);
                await run.WriteCheckpointAsync(2, Second);
                await run.SendAsync(new DeviceTransfer { WriteCheckpoint = new WriteCheckpoint { Counter = 3, Epoch = 3, Data = ByteString.CopyFrom(First.Bytes.AsSpan(0, 2000)) } });
                throw FakeRun.Away;
            }

            read = await run.ReadStreamAsync(0, Second.Layout.FrameCount);
            await run.FinishAsync();
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        List<JobEvent> events = await job.WatchAsync();

        Assert.Equal("completed", events[^1].Kind);
        Assert.Equal(Second.Bytes, read!.Value.Bytes);
        Assert.Equal(Second.Digest.ToArray(), device.Loaded!.Checkpoint.Digest.ToByteArray());
        Assert.Equal(Second.Layout.Prologue.Bytes.ToArray(), device.Loaded.Checkpoint.Prologue.ToByteArray());
        Assert.Equal((ulong)Second.Layout.FrameCount, device.Loaded.Checkpoint.Frames);
        Assert.Equal(2, events.Count(happened => happened.Kind == "checkpoint_written"));
        Assert.Contains("from checkpoint 2", events.Last(happened => happened.Kind == "running").Text, StringComparison.Ordinal);
    }

    // What a device writes that breaks the protocol, after the first piece of a checkpoint.
    private static readonly Dictionary<string, WriteCheckpoint> Breaches = new()
    {
        ["a gap"] = new WriteCheckpoint { Counter = 1, Epoch = 1, Offset = 1001, Data = ByteString.CopyFrom(First.Bytes.AsSpan(1000)) },
        ["a piece again"] = new WriteCheckpoint { Counter = 1, Epoch = 1, Offset = 0, Data = ByteString.CopyFrom(First.Bytes.AsSpan(0, 1000)) },
        ["more than an object may have"] = new WriteCheckpoint { Counter = 1, Epoch = 1, Offset = 1000, Data = ByteString.CopyFrom(new byte[20_000]) },
        ["a counter beyond all"] = new WriteCheckpoint { Counter = uint.MaxValue, Epoch = 1, Offset = 1000, Data = ByteString.CopyFrom(First.Bytes.AsSpan(1000)), Statement = ByteString.CopyFromUtf8("statement") },
        ["an epoch beyond all"] = new WriteCheckpoint { Counter = 1, Epoch = uint.MaxValue, Offset = 1000, Data = ByteString.CopyFrom(First.Bytes.AsSpan(1000)), Statement = ByteString.CopyFromUtf8("statement") },
    };

    public static TheoryData<string> BadCheckpoints => [.. Breaches.Keys];

    [Theory]
    [MemberData(nameof(BadCheckpoints))]
    public async Task Checkpoint_ThatBreaksTheProtocol_FailsTheJobAndIsNotKept(string how)
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address], MaximumObjectBytes = 20_000 });
        using var job = new TestJob(host);
        device.OnRun = async run =>
        {
            await run.SendAsync(new DeviceTransfer { WriteCheckpoint = new WriteCheckpoint { Counter = 1, Epoch = 1, Data = ByteString.CopyFrom(First.Bytes.AsSpan(0, 1000)) } });
            await run.SendAsync(new DeviceTransfer { WriteCheckpoint = Breaches[how] });
            await run.FinishAsync();
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        List<JobEvent> events = await job.WatchAsync();

        Assert.Equal(HostErrors.DeviceProtocol.Id, events[^1].Error?.Code);
        Assert.DoesNotContain(events, happened => happened.Kind == "checkpoint_written");
    }

    [Fact]
    public async Task Checkpoints_AllHaveSeen_ReplaceTheOlderAndGoWithTheJob()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        int before = -1;
        var goOn = new TaskCompletionSource();
        device.OnRun = async run =>
        {
            before = Objects(host);
            await run.WriteCheckpointAsync(1, First);
            await run.WriteCheckpointAsync(2, Second);
            await goOn.Task;
            await run.FinishAsync();
        };
        await job.QueueAsync();
        foreach (HostClient client in job.Clients)
        {
            await FakeAgent.AttendAsync(client, message => message.CheckpointWritten is { } written ? Seen(written) : Release(client, message));
        }

        await job.WatchAsync(happened => happened is { Kind: "checkpoint_acknowledged", Text: var text } && text.Contains("checkpoint 2", StringComparison.Ordinal));
        await Poll.UntilAsync(() => Task.FromResult(Objects(host) == before + 1));
        goOn.SetResult();
        await job.WatchAsync();

        await Poll.UntilAsync(() => Task.FromResult(Objects(host) == before + 2));
    }

    [Fact]
    public async Task Agent_ThatWasAway_IsToldOfTheNewestCheckpointWhenItIsBack()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        var goOn = new TaskCompletionSource();
        device.OnRun = async run =>
        {
            await run.WriteCheckpointAsync(1, First);
            await goOn.Task;
            await run.FinishAsync();
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync(happened => happened.Kind == "checkpoint_written");
        var told = new TaskCompletionSource<CheckpointWritten>();
        await using FakeAgent back = await FakeAgent.AttendAsync(job.Clients[1], message =>
        {
            told.TrySetResult(message.CheckpointWritten);
            return null;
        });

        await Expect.WithinAsync(told.Task);
        CheckpointWritten written = await told.Task;
        Assert.Equal("statement 1", written.Statement.ToStringUtf8());
        Assert.Equal(FakeDevice.EvidenceOf(device.Loaded!), written.Evidence.ToByteArray());
        goOn.SetResult();
        await job.WatchAsync();
    }

    [Fact]
    public async Task Host_ThatIsKilledDuringTheRun_GoesOnFromTheCheckpoint()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        device.OnRun = async run =>
        {
            if (device.Loaded!.Checkpoint is null)
            {
                await run.WriteCheckpointAsync(1, First);
                await Task.Delay(Timeout.Infinite, run.Ended);
            }

            await run.FinishAsync();
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);
        await job.WatchAsync(happened => happened.Kind == "checkpoint_written");

        await host.RestartAsync();
        await job.ReconnectAsync(host);
        await FakeAgent.AttendAllAsync(job);

        Assert.Equal("completed", (await job.WatchAsync())[^1].Kind);
        Assert.Equal(First.Digest.ToArray(), device.Loaded!.Checkpoint.Digest.ToByteArray());
    }

    [Theory]
    [InlineData(false, "failed", 2)]
    [InlineData(true, "completed", 4)]
    public async Task Tiles_ThatCrashTwice_FailTheJobUnlessItGotOnBetween(bool getsOn, string end, int runs)
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        uint run = 0;
        device.OnRun = async session =>
        {
            run++;
            await session.ProgressAsync(getsOn ? run : 1);
            await (run < 4 ? session.SendAsync(Exception("device-tiles-crashed")) : session.FinishAsync());
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        List<JobEvent> events = await job.WatchAsync();

        Assert.Equal(end, events[^1].Kind);
        Assert.Equal((uint)runs, run);
        if (!getsOn)
        {
            Assert.Equal("device-tiles-crashed", events[^1].Error.Code);
        }
    }

    [Fact]
    public async Task Tiles_ThatAreKilledOften_CostNoMoreThanAttempts()
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address] });
        using var job = new TestJob(host);
        int run = 0;
        device.OnRun = session => ++run < 8 ? session.SendAsync(Exception("device-tiles-lost")) : session.FinishAsync();
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        Assert.Equal("completed", (await job.WatchAsync())[^1].Kind);
        Assert.Equal(8, run);
    }

    [Fact]
    public async Task Job_ThatHasKeysInADevice_WaitsForThatDeviceThenTakesAnother()
    {
        await using FakeDevice first = await FakeDevice.StartAsync();
        await using FakeDevice second = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [first.Address, second.Address] });
        using var job = new TestJob(host);
        first.OnRun = session =>
        {
            first.IsAway = true;
            return session.SendAsync(Exception("device-tiles-lost"));
        };
        await job.QueueAsync();
        await FakeAgent.AttendAllAsync(job);

        List<JobEvent> waiting = await job.WatchAsync(happened => happened.Kind == "waiting_for_device");
        Assert.Contains(first.Address.Authority, waiting[^1].Text, StringComparison.Ordinal);
        Assert.DoesNotContain("run", second.Commands);
        host.Clock.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal("completed", (await job.WatchAsync())[^1].Kind);
        Assert.Contains("run", second.Commands);
    }

    private static DeviceTransfer Exception(string code) => new() { Exception = new ErrorDetail { Code = code, Message = "gone", Remedy = "wait" } };

    private static SealedSample Sample(int length) => SealedSample.Create(length, StreamKind.Checkpoint, "device");

    private static int Objects(TestHost host) => Directory.GetFiles(Path.Combine(host.State, "objects"), "*").Count(path => !path.EndsWith(".leaves", StringComparison.Ordinal));

    private static AgentMessage Seen(CheckpointWritten written) => new()
    {
        CheckpointSeen = new CheckpointSeen { Job = written.Job, Counter = uint.Parse(written.Statement.ToStringUtf8().Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) },
    };

    private static AgentMessage? Release(HostClient client, HostMessage message) => message.MessageCase switch
    {
        HostMessage.MessageOneofCase.NonceRequest => new AgentMessage { Nonce = new Nonce { Job = message.NonceRequest.Job, Attempt = message.NonceRequest.Attempt, Nonce_ = FakeAgent.NonceOf(client.Party.Name) } },
        HostMessage.MessageOneofCase.QuoteOffer => new AgentMessage { KeyPackage = new KeyPackageOffer { Job = message.QuoteOffer.Job, Attempt = message.QuoteOffer.Attempt, SealedPackage = ByteString.CopyFromUtf8("keys") } },
        _ => null,
    };
}
