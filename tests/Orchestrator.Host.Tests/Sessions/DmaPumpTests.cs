using Google.Protobuf;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Contracts.Protocol.Host;
using Orchestrator.Crypto.Streams;
using Orchestrator.Host.Tests.Infrastructure;

namespace Orchestrator.Host.Tests.Sessions;

public class DmaPumpTests
{
    private const int MaximumObjectBytes = 20_000;

    [Fact]
    public async Task Pump_AskedManyFramesAhead_AnswersAllInOrder()
    {
        HostTransfer[] answers = [];
        await RunAsync(async run =>
        {
            Task asking = Task.Run(async () =>
            {
                for (int index = 0; index < 1000; index++)
                {
                    await run.SendAsync(FakeRun.ReadFrame(2, index % 11));
                }
            });
            var received = new List<HostTransfer>();
            while (received.Count < 1000)
            {
                received.Add(await run.ReceiveAsync());
            }

            await asking;
            answers = [.. received];
            await run.FinishAsync();
        });

        Assert.Equal(Enumerable.Range(0, 1000).Select(index => (ulong)index % 11), answers.Select(answer => answer.Frame.Index));
        Assert.All(answers, answer => Assert.Equal(answer.Frame.Index, FrameIv.Read(answer.Frame.Data.Span).Index is var index ? (ulong)index : 0));
    }

    public static TheoryData<DeviceTransfer> Impossible => new(
        new DeviceTransfer { ReadPrologue = new ReadPrologue { Stream = 0 } },
        new DeviceTransfer { ReadPrologue = new ReadPrologue { Stream = 4 } },
        FakeRun.ReadFrame(4, 0),
        FakeRun.ReadFrame(2, 11),
        new DeviceTransfer { ReadFrame = new ReadFrame { Stream = 2, Index = ulong.MaxValue } },
        new DeviceTransfer { ReadLeaves = new ReadLeaves { Stream = 2, First = 0, Count = 0 } },
        new DeviceTransfer { ReadLeaves = new ReadLeaves { Stream = 2, First = 0, Count = 12 } },
        new DeviceTransfer { ReadLeaves = new ReadLeaves { Stream = 2, First = 11, Count = 1 } },
        new DeviceTransfer { ReadLeaves = new ReadLeaves { Stream = 2, First = ulong.MaxValue, Count = uint.MaxValue } });

    [Theory]
    [MemberData(nameof(Impossible))]
    public async Task Pump_AskedForWhatTheJobDoesNotHave_SaysSo(DeviceTransfer request)
    {
        HostTransfer? answer = null;
        await RunAsync(async run =>
        {
            answer = await run.AskAsync(request);
            await run.FinishAsync();
        });

        Assert.NotNull(answer?.Unavailable);
    }

    [Fact]
    public async Task Pump_WhoseObjectIsDamagedOnDisk_SaysSo()
    {
        HostTransfer? answer = null;
        await RunAsync(
            async run =>
            {
                answer = await run.AskAsync(FakeRun.ReadFrame(2, 10));
                await run.FinishAsync();
            },
            (host, job) => File.Delete(Path.Combine(host.State, "objects", job.Samples[1].Value.Digest.ToString())),
            expected: "failed");

        Assert.Null(answer);
    }

    [Fact]
    public async Task Pump_WhoseLeavesAreCutOnDisk_SaysSo()
    {
        HostTransfer? answer = null;
        await RunAsync(
            async run =>
            {
                answer = await run.AskAsync(new DeviceTransfer { ReadLeaves = new ReadLeaves { Stream = 2, Count = 11 } });
                await run.FinishAsync();
            },
            (host, job) =>
            {
                using FileStream leaves = File.OpenWrite(Path.Combine(host.State, "objects", $"{job.Samples[1].Value.Digest}.leaves"));
                leaves.SetLength(leaves.Length - 1);
            });

        Assert.NotNull(answer?.Unavailable);
    }

    public static TheoryData<string> BadOutputs => ["unknown", "gap", "again", "missing", "foreign", "large", "nothing"];

    [Theory]
    [MemberData(nameof(BadOutputs))]
    public async Task Pump_WithABadOutput_FailsTheJobAndKeepsNothing(string how)
    {
        byte[] model = SealedSample.Create(3000, StreamKind.Model, "device").Bytes;
        List<JobEvent> events = await RunAsync(
            async run =>
            {
                switch (how)
                {
                    case "unknown":
                        await run.WriteOutputAsync("weights", model);
                        break;
                    case "gap":
                        await run.SendAsync(new DeviceTransfer { WriteOutput = new WriteOutput { Output = "model", Offset = 1, Data = ByteString.CopyFrom(model) } });
                        break;
                    case "again":
                        await run.WriteOutputAsync("model", model);
                        await run.WriteOutputAsync("model", model);
                        break;
                    case "foreign":
                        await run.WriteOutputAsync("model", "plaintext that is no sealed stream"u8.ToArray());
                        break;
                    case "large":
                        await run.WriteOutputAsync("model", SealedSample.Create(MaximumObjectBytes, StreamKind.Model, "device").Bytes);
                        break;
                    case "missing":
                        await run.WriteOutputAsync("model", model);
                        await run.SendAsync(new DeviceTransfer { Finished = new Finished() });
                        break;
                    default:
                        await run.SendAsync(new DeviceTransfer());
                        break;
                }

                await Task.Delay(Timeout.Infinite, run.Ended);
            },
            expected: "failed");

        Assert.Equal(how == "foreign" ? StreamErrors.Foreign.Id : HostErrors.DeviceProtocol.Id, events[^1].Error.Code);
    }

    private static async Task<List<JobEvent>> RunAsync(Func<FakeRun, Task> onRun, Action<TestHost, TestJob>? before = null, string expected = "completed")
    {
        await using FakeDevice device = await FakeDevice.StartAsync();
        await using TestHost host = await TestHost.StartAsync(options => options with { Devices = [device.Address], MaximumObjectBytes = MaximumObjectBytes });
        using var job = new TestJob(host);
        device.OnRun = onRun;
        await job.QueueAsync();
        before?.Invoke(host, job);
        await FakeAgent.AttendAllAsync(job);
        List<JobEvent> events = await job.WatchAsync();
        Assert.Equal(expected, events[^1].Kind);
        await device.LatestCommandAsync("reset");
        Assert.Empty(Directory.GetFiles(Path.Combine(host.State, "uploads")));
        return events;
    }
}
