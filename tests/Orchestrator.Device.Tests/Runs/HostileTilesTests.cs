using Orchestrator.Contracts.Protocol;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Reading;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Device.Tests.Support;
using Orchestrator.Errors;

namespace Orchestrator.Device.Tests.Runs;

/// <summary>Tiles that a program has taken over, saying what the protocol does not let them say.</summary>
public sealed class HostileTilesTests
{
    private static readonly TileMessage.Output Model = new(StreamKind.Model, true, new byte[1]);

    // What the tiles say instead of a message, in a job that writes a checkpoint every so many epochs of three.
    private static readonly Dictionary<string, (int CheckpointEvery, Func<TileMessage, TileMessage> Alter, ErrorCode Code)> Deeds = new()
    {
        // What goes on after the last frame is in no digest that the receivers check.
        ["a second model"] = (0, message => message is TileMessage.Done ? Model : message, TileErrors.MessageUnexpected),
        ["progress before they are ready"] = (0, message => message is TileMessage.Ready ? new TileMessage.Progress(1, 1, []) : message, TileErrors.MessageUnexpected),
        ["a frame after the plan's last"] = (0, message => message is TileMessage.Done ? new TileMessage.NeedFrame(new FramePosition(0, 0)) : message, DeviceErrors.TilesOutOfPlan),
        ["a state of a job that keeps none"] = (0, message => State(message, insteadOf: 2), TileErrors.MessageUnexpected),
        ["a state before the first epoch's end"] = (1, message => State(message, insteadOf: 1), TileErrors.MessageUnexpected),
        ["a state of an epoch between"] = (2, message => State(message, insteadOf: 2), TileErrors.MessageUnexpected),
        ["two states of an epoch"] = (1, message => State(message, insteadOf: 2), TileErrors.MessageUnexpected),
        ["progress within a state"] = (2, message => message is TileMessage.Checkpoint state ? state with { Last = false } : message, TileErrors.MessageUnexpected),
        ["the end within a state"] = (2, message => message switch
        {
            TileMessage.Checkpoint state => state with { Last = false },
            TileMessage.Progress { Epoch: 3 } => Model,
            TileMessage.Output => new TileMessage.Done(3, 1, 1, 1),
            _ => message,
        }, TileErrors.MessageUnexpected),
    };

    public static TheoryData<string> Breaches => [.. Deeds.Keys];

    [Theory]
    [MemberData(nameof(Breaches))]
    public async Task Run_TilesBreakTheProtocol_EndsAndReleasesNothing(string breach)
    {
        var tiles = new FakeTiles { Alter = Deeds[breach].Alter };
        var job = new TestJob(TestDevice.Firmware, content => content with { CheckpointEveryEpochs = Deeds[breach].CheckpointEvery });
        await using TestDevice device = await TestDevice.StartAsync(tiles, job: job);
        await device.CommitAsync();
        (byte[]? receipt, ErrorDetail? exception) = await device.Host.RunAsync();
        Assert.Null(receipt);
        Assert.Equal(Deeds[breach].Code.Id, exception!.Code);
        Assert.Equal(0, tiles.Alive);
    }

    private static TileMessage State(TileMessage message, int insteadOf) =>
        message is TileMessage.Progress progress && progress.Epoch == insteadOf ? new TileMessage.Checkpoint(true, new byte[1]) : message;
}
