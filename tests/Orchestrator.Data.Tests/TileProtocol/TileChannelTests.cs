using System.Text.Json;
using Orchestrator.Crypto.Streams;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.Schemas;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;
using Orchestrator.Tests;

namespace Orchestrator.Data.Tests.TileProtocol;

public sealed class TileChannelTests
{
    private static readonly DataSchema Schema = new() { FeatureType = ElementType.F32, Shape = [2], Label = new LabelSchema.Classes(2, ElementType.U8) };

    private static readonly TrainingPlan Plan = new()
    {
        Loss = Loss.CrossEntropy,
        Optimizer = new Optimizer.Sgd { LearningRate = 0.5 },
        BatchSize = 4,
        Epochs = 1,
        Seed = 1,
        Threads = 1,
        Interleaving = new Interleaving.Concatenate(),
    };

    public static readonly TheoryData<string> Names = [.. Messages().Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Message_OfEachType_HasTheVectorsBytesBothWays(string name)
    {
        using var vectors = Tree.Vectors("tiles", "messages.json");
        var expected = vectors.RootElement.GetProperty(name).GetString()!;
        var message = Messages()[name];
        Assert.Equal(expected, Convert.ToHexStringLower(await SendAsync(message)));
        var received = await ReceiveAsync(Convert.FromHexString(expected));
        Assert.Equal(message.GetType(), received.GetType());
        Assert.Equal(expected, Convert.ToHexStringLower(await SendAsync(received)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Message_CutOrExtended_IsRefused(string name)
    {
        var bytes = await SendAsync(Messages()[name]);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(TileErrors.ChannelClosed.Id, await CodeOfAsync(bytes[..length]));
        }

        if (Messages()[name] is not (TileMessage.Program or TileMessage.Frame or TileMessage.Output or TileMessage.State or TileMessage.Checkpoint))
        {
            bytes[0]++;
            Assert.Contains(await CodeOfAsync([.. bytes, 0]), new[] { TileErrors.MessageMalformed.Id, "cbor-malformed" });
        }
    }

    [Theory]
    [InlineData("00000000", "tiles-message-malformed")]
    [InlineData("0100000077", "tiles-message-malformed")]
    [InlineData("ffffffff81", "tiles-message-too-large")]
    [InlineData("0d000000820000000000000000000000ff", "tiles-message-malformed")]
    [InlineData("0d00000082ffffffff0000000000000000", "tiles-message-malformed")]
    [InlineData("0d00000082000400000000000000000000", "tiles-message-malformed")]
    [InlineData("05000000040100000000", "tiles-message-malformed")]
    [InlineData("03000000840101", "tiles-message-malformed")]
    [InlineData("03000000840302", "tiles-message-malformed")]
    [InlineData("0100000006", "tiles-message-malformed")]
    [InlineData("020000000602", "tiles-message-malformed")]
    [InlineData("0100000087", "tiles-message-malformed")]
    [InlineData("0200000085a0", "cbor-missing-field")]
    public async Task Bytes_OutsideTheProtocol_AreRefusedByCode(string hex, string code) =>
        Assert.Equal(code, await CodeOfAsync([.. Convert.FromHexString(hex), 0, 0, 0, 0, 0, 0]));

    [Fact]
    public async Task Configure_WithAFrameSizeThatSplitsRecords_IsRefused()
    {
        var configure = (TileMessage.Configure)Messages()["configure"];
        var bytes = await SendAsync(configure with { Streams = [configure.Streams[0] with { FrameSize = 10 }] });
        Assert.Equal("cbor-out-of-range", await CodeOfAsync(bytes));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(TileLimits.ChunkSize, 1)]
    [InlineData(TileLimits.ChunkSize + 1, 2)]
    public async Task Content_InPieces_ArrivesWhole(int length, int pieces)
    {
        var content = Enumerable.Range(0, length).Select(index => unchecked((byte)index)).ToArray();
        using var bytes = new MemoryStream();
        var sender = new TileChannel(Stream.Null, bytes);
        await sender.SendInPiecesAsync(content, (piece, last) => new TileMessage.Output(StreamKind.Model, last, piece));
        bytes.Position = 0;
        using var receiver = new TileChannel(bytes, Stream.Null);
        var arrived = new List<byte>();
        for (var piece = 1; piece <= pieces; piece++)
        {
            var output = Assert.IsType<TileMessage.Output>(await receiver.ReceiveAsync());
            Assert.Equal(piece == pieces, output.Last);
            arrived.AddRange(output.Chunk.ToArray());
        }

        Assert.Equal(content, arrived);
        Assert.Equal(bytes.Length, bytes.Position);
    }

    private static Dictionary<string, TileMessage> Messages() => new()
    {
        ["configure"] = new TileMessage.Configure(
            Plan, [new("north", StreamRole.Train, Schema, 900, 250), new("held-out", StreamRole.Evaluate, Schema, 900, 10)], 123_456)
        {
            MemoryBytes = 1 << 30,
            CheckpointEveryEpochs = 2,
            FirstEpoch = 4,
        },
        ["program"] = new TileMessage.Program(new byte[] { 0x50, 0x4b, 3, 4 }),
        ["start"] = new TileMessage.Start(),
        ["frame"] = new TileMessage.Frame(new FramePosition(1, 2), new byte[] { 0xaa, 0xbb, 0xcc }),
        ["cancel"] = new TileMessage.Cancel(),
        ["state"] = new TileMessage.State(false, new byte[] { 7, 8 }),
        ["finish"] = new TileMessage.Finish(),
        ["probe"] = new TileMessage.Probe
        {
            Files = ["/usr"],
            Secrets = ["/srv/device/uds"],
            Environment = ["HOME"],
            Namespaces = ["net:[4026531833]"],
            Port = 4711,
            Socket = "bait",
        },
        ["ready"] = new TileMessage.Ready(),
        ["need_frame"] = new TileMessage.NeedFrame(new FramePosition(1, 2)),
        ["progress"] = new TileMessage.Progress(3, 300, [new("accuracy", 0.5), new("train_loss", 0.25)]),
        ["output"] = new TileMessage.Output(StreamKind.Model, true, new byte[] { 1, 2, 3 }),
        ["failed"] = new TileMessage.Failed("train-diverged", ErrorClass.JobFailed, "The loss is not finite.", "Lower the learning rate."),
        ["done"] = new TileMessage.Done(3, 300, 1_500_000, 250),
        ["checkpoint"] = new TileMessage.Checkpoint(true, new byte[] { 9 }),
        ["probed"] = new TileMessage.Probed(["files: /etc/passwd is there"]),
    };

    private static async Task<byte[]> SendAsync(TileMessage message)
    {
        using var bytes = new MemoryStream();
        await new TileChannel(Stream.Null, bytes).SendAsync(message);
        return bytes.ToArray();
    }

    private static async Task<TileMessage> ReceiveAsync(byte[] bytes) =>
        await new TileChannel(new MemoryStream(bytes), Stream.Null).ReceiveAsync();

    private static async Task<string> CodeOfAsync(byte[] bytes) =>
        (await Assert.ThrowsAsync<OrchestratorException>(() => ReceiveAsync(bytes))).Code.Id;
}
