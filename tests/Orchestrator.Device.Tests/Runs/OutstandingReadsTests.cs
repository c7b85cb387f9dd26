using Grpc.Core;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Device.Tests.Support;

namespace Orchestrator.Device.Tests.Runs;

public sealed class OutstandingReadsTests
{
    private const uint ClinicA = 2;
    private const int Epochs = 3;
    private const int FramesOfA = 13;

    [Fact]
    public async Task Run_HostAnswersInReverse_HasAReadOutstandingInEachContextAndKeepsTheTilesOrder()
    {
        var tiles = new FakeTiles();
        await using TestDevice device = await TestDevice.StartAsync(tiles, job: new TestJob(TestDevice.Firmware, recordsOfA: 50));
        await device.CommitAsync();
        using AsyncDuplexStreamingCall<HostTransfer, DeviceTransfer> call = device.Host.Dma.Run();
        await call.RequestStream.WriteAsync(new HostTransfer { Start = new StartRun() });
        var held = new Stack<DeviceTransfer>();
        int reads = 0;
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            DeviceTransfer message = call.ResponseStream.Current;
            Assert.NotEqual(DeviceTransfer.TransferOneofCase.Exception, message.TransferCase);
            if (message.ReadFrame is { Stream: ClinicA })
            {
                // Two contexts a slot: two reads come without an answer to the first, and are answered the last one first.
                held.Push(message);
                reads++;
                if (held.Count == 1 && reads < Epochs * FramesOfA)
                {
                    continue;
                }
            }
            else if (message.ReadFrame is not null || message.ReadLeaves is not null || message.ReadPrologue is not null)
            {
                await call.RequestStream.WriteAsync(device.Host.Answer(message));
                continue;
            }

            if (held.Count > 1 || reads == Epochs * FramesOfA)
            {
                Assert.InRange(held.Count, 0, 2);
                while (held.TryPop(out DeviceTransfer? request))
                {
                    await call.RequestStream.WriteAsync(device.Host.Answer(request));
                }
            }

            if (message.Finished is not null)
            {
                break;
            }
        }

        Assert.Equal(Epochs * FramesOfA, reads);
        Assert.Equal(Epochs * (FramesOfA + 2 + 2), tiles.Delivered.Count);
    }
}
