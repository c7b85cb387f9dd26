using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Protocol.Device;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Reading;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tests.Runs;

public sealed class LostPeerTests
{
    [Fact]
    public async Task Run_HostGoesAwayInTheMiddle_EndsInExceptionAndScrubs()
    {
        var tiles = new FakeTiles();
        await using TestDevice device = await TestDevice.StartAsync(tiles);
        await device.CommitAsync();
        using var gone = new CancellationTokenSource();
        device.Host.Alter = (request, answer) =>
        {
            if (request.ReadFrame is { Stream: 2, Index: 1 })
            {
                gone.Cancel();
            }

            return answer;
        };
        await Assert.ThrowsAnyAsync<Exception>(() => device.Host.RunAsync(gone.Token));
        DeviceStatus status = await WaitForEndAsync(device);
        Assert.Equal(DeviceErrors.HostLost.Id, status.Exception.Code);
        Assert.Equal(0, tiles.Alive);
    }

    [Fact]
    public async Task Run_HostEndsItsSideOfTheTransfer_EndsInException()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        using var call = device.Host.Dma.Run();
        await call.RequestStream.WriteAsync(new HostTransfer { Start = new StartRun() });
        await call.RequestStream.CompleteAsync();
        DeviceTransfer? last = null;
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            last = call.ResponseStream.Current;
        }

        Assert.Equal(DeviceErrors.HostLost.Id, last!.Exception.Code);
    }

    [Fact]
    public async Task Run_FrameBeyondTheLargestMessage_EndsInException()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        device.Host.Alter = (request, answer) => request.ReadFrame is null
            ? answer
            : new HostTransfer { Frame = new Frame { Stream = request.ReadFrame.Stream, Data = ByteString.CopyFrom(new byte[StreamLimits.MaxFrameSize + (1 << 20)]) } };

        // The host may be cut off in the middle of its message; the device's state tells why.
        await Record.ExceptionAsync(() => device.Host.RunAsync());
        Assert.Equal(DeviceErrors.TransferUnexpected.Id, (await WaitForEndAsync(device)).Exception.Code);
    }

    [Fact]
    public async Task Run_MessageThatIsNone_EndsInException()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        using var channel = GrpcChannel.ForAddress(device.Server.Address);
        Marshaller<byte[]> bytes = Marshallers.Create<byte[]>(message => message, message => message);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            new Method<byte[], byte[]>(MethodType.DuplexStreaming, "orchestrator.device.v1.Dma", "Run", bytes, bytes), null, default);
        await call.RequestStream.WriteAsync(new HostTransfer { Start = new StartRun() }.ToByteArray());
        await call.RequestStream.WriteAsync([0xFF]);
        await Record.ExceptionAsync(() => call.ResponseStream.MoveNext(CancellationToken.None));
        await call.RequestStream.CompleteAsync();
        Assert.Equal(DeviceErrors.TransferUnexpected.Id, (await WaitForEndAsync(device)).Exception.Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_ThatDoesNotBeginWithAStart_IsRefusedAndNothingRuns(bool saysSomething)
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        using var call = device.Host.Dma.Run();
        if (saysSomething)
        {
            await call.RequestStream.WriteAsync(new HostTransfer { Cancel = new CancelRun() });
        }

        await call.RequestStream.CompleteAsync();
        await ErrorAssert.ThrowsAsync(DeviceErrors.TransferUnexpected, () => call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(DeviceState.Committed, await device.StateAsync());
        Assert.NotNull((await device.Host.RunAsync()).Receipt);
    }

    [Fact]
    public async Task Run_SecondHostWhileRunning_IsRefusedAndTheRunGoesOn()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        await device.CommitAsync();
        using var second = new TestHost(device.Server.Address, device.Job);
        Task? intrusion = null;
        device.Host.Alter = (request, answer) =>
        {
            intrusion ??= second.RunAsync();
            return answer;
        };
        (byte[]? receipt, _) = await device.Host.RunAsync();
        Assert.NotNull(receipt);
        await ErrorAssert.ThrowsAsync(DeviceErrors.CommandIllegal, () => intrusion!);
    }

    [Fact]
    public async Task Reset_WhileRunning_EndsTheRunAndBootsAnew()
    {
        await using TestDevice device = await TestDevice.StartAsync();
        ulong boot = (await device.Host.Mailbox.StatusAsync(new StatusRequest())).BootCounter;
        await device.CommitAsync();
        var asked = new TaskCompletionSource();
        device.Host.Alter = (request, answer) =>
        {
            asked.TrySetResult();
            return null;
        };
        Task<(byte[]? Receipt, ErrorDetail? Exception)> run = device.Host.RunAsync();
        await asked.Task;
        DeviceStatus status = await device.Host.Mailbox.ResetAsync(new ResetRequest());
        Assert.Equal((DeviceState.Idle, boot + 1), (status.State, status.BootCounter));
        Assert.Equal(DeviceErrors.RunCancelled.Id, (await run).Exception!.Code);
    }

    [Fact]
    public async Task Run_TilesEndInTheMiddle_SaysSo()
    {
        var tiles = new FakeTiles { Alter = message => message is TileMessage.Progress { Epoch: 2 } ? null : message };
        await AssertEndsAsync(tiles, DeviceErrors.TilesLost.Id);
    }

    [Fact]
    public async Task Run_TilesCrashByThemselves_SaysThat()
    {
        var tiles = new FakeTiles { Crash = true, Alter = message => message is TileMessage.Progress { Epoch: 2 } ? null : message };
        await AssertEndsAsync(tiles, DeviceErrors.TilesCrashed.Id);
    }

    [Fact]
    public async Task Run_TilesAskForAnotherFrameThanThePlansNext_Ends()
    {
        var tiles = new FakeTiles { Alter = message => message is TileMessage.NeedFrame { Position.Frame: 1 } need ? need with { Position = new FramePosition(0, 2) } : message };
        await AssertEndsAsync(tiles, DeviceErrors.TilesOutOfPlan.Id);
    }

    [Fact]
    public async Task Run_TilesFail_LetsOnlyTheCodeOut()
    {
        var tiles = new FakeTiles { Alter = message => message is TileMessage.Ready ? new TileMessage.Failed("training-non-finite", ErrorClass.JobFailed, "patient 7 has 12.5", "patient 7") : message };
        ErrorDetail exception = await AssertEndsAsync(tiles, "training-non-finite");
        Assert.DoesNotContain("patient", exception.Message + exception.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_TilesFailWithACodeThatIsNone_GivesTheDevicesOwn()
    {
        var tiles = new FakeTiles { Alter = message => message is TileMessage.Ready ? new TileMessage.Failed("patient 7!", ErrorClass.JobFailed, "", "") : message };
        await AssertEndsAsync(tiles, DeviceErrors.TrainingFailed.Id);
    }

    [Fact]
    public async Task Run_TilesDoneWithoutAModel_Ends()
    {
        var tiles = new FakeTiles { Alter = message => message is TileMessage.Output output ? output with { Last = false } : message };
        await AssertEndsAsync(tiles, TileErrors.MessageUnexpected.Id);
    }

    private static async Task<ErrorDetail> AssertEndsAsync(FakeTiles tiles, string code)
    {
        await using TestDevice device = await TestDevice.StartAsync(tiles);
        await device.CommitAsync();
        (byte[]? receipt, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.Null(receipt);
        Assert.Equal(code, exception!.Code);
        Assert.Equal(0, tiles.Alive);
        return exception;
    }

    private static async Task<DeviceStatus> WaitForEndAsync(TestDevice device)
    {
        while (true)
        {
            DeviceStatus status = await device.Host.Mailbox.StatusAsync(new StatusRequest());
            if (status.State != DeviceState.Running)
            {
                return status;
            }

            await Task.Yield();
        }
    }
}
