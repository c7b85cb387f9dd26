using System.Diagnostics;
using Orchestrator.Data.Files;
using Orchestrator.Data.Plans;
using Orchestrator.Data.Reading;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;

namespace Orchestrator.Tiles.Tests;

/// <summary>The real process at the other end of the real pipes; this side plays the controller.</summary>
public sealed class ServeTests : IDisposable
{
    private static readonly string[] Files = ["clinic-a.csv", "clinic-b.csv", "holdout.csv"];

    private readonly TempFolder _folder = new();
    private readonly Process _process = TileExecutable.Start("serve");
    private readonly byte[][] _records = [.. Files.Select(Records)];
    private readonly TileChannel _channel;

    public ServeTests() => _channel = new TileChannel(_process.StandardOutput.BaseStream, _process.StandardInput.BaseStream);

    [Fact]
    public async Task Job_ServedByFrames_GivesTheModelOfThePlainFiles()
    {
        var run = await RunJobAsync(Examples.Plan);
        Assert.Equal(0, await ExitCodeAsync());
        var done = Assert.IsType<TileMessage.Done>(run.Last);
        Assert.Equal((12, 12 * 15L), (done.Epochs, done.Steps));
        Assert.InRange(done.WaitingMicroseconds, 0, done.TrainingMicroseconds);
        Assert.Equal(Enumerable.Range(1, 12), run.Progress.Select(progress => progress.Epoch));
        Assert.True(run.Progress[^1].Metrics.Single(metric => metric.Name == MetricNames.Accuracy).Value >= 0.95);

        var schedule = Configure(Examples.Plan).Schedule();
        Assert.Equal(schedule.Passes().SelectMany(schedule.Frames), run.Asked);

        var local = await TileExecutable.RunAsync("train", _folder.Write("job.json", Examples.WdbcJob(Examples.Plan)), _folder["."]);
        Assert.True(local.ExitCode == 0, local.Error);
        Assert.Equal(await File.ReadAllBytesAsync(_folder["model.safetensors"]), run.Model);
    }

    [Fact]
    public async Task Job_ThatStopsEarly_AsksForNoFrameMore()
    {
        var plan = Examples.Plan with { Epochs = 500, EarlyStopping = new EarlyStopping(1, 0.05) };
        var run = await RunJobAsync(plan);
        var done = Assert.IsType<TileMessage.Done>(run.Last);
        Assert.InRange(done.Epochs, 2, 100);
        var schedule = Configure(plan).Schedule();
        Assert.Equal(schedule.Passes().TakeWhile(pass => pass.Epoch < done.Epochs).SelectMany(schedule.Frames), run.Asked);
    }

    [Fact]
    public async Task Job_ResumedFromACheckpoint_GivesTheSameModel_AndAsksForTheRestOnly()
    {
        var whole = await RunJobAsync(Examples.Plan, checkpointEvery: 5);
        Assert.Equal([5, 10], whole.Checkpoints.Keys);

        using var second = new ServeTests();
        var rest = await second.RunJobAsync(Examples.Plan, 5, 10, whole.Checkpoints[10]);
        Assert.Equal(0, await second.ExitCodeAsync());
        Assert.Equal(whole.Model, rest.Model);
        Assert.Empty(rest.Checkpoints);
        Assert.Equal([11, 12], rest.Progress.Select(progress => progress.Epoch));
        Assert.Equal(whole.Progress.Skip(10).Select(progress => progress.Metrics.ToArray()), rest.Progress.Select(progress => progress.Metrics.ToArray()));
        var done = Assert.IsType<TileMessage.Done>(rest.Last);
        Assert.Equal((12, 12 * 15L), (done.Epochs, done.Steps));
        var schedule = (Configure(Examples.Plan) with { FirstEpoch = 10 }).Schedule();
        Assert.Equal(schedule.Passes().SelectMany(schedule.Frames), rest.Asked);
    }

    [Fact]
    public async Task State_ThatIsNone_IsRefusedBeforeReady()
    {
        var program = await File.ReadAllBytesAsync(Examples.Program("wdbc_mlp"));
        await _channel.SendAsync(Configure(Examples.Plan) with { ProgramSize = program.Length, FirstEpoch = 1 });
        await _channel.SendAsync(new TileMessage.Program(program));
        await _channel.SendAsync(new TileMessage.State(true, "nope"u8.ToArray()));
        await AssertFailedAsync("training-state-malformed", 3);
    }

    [Fact]
    public async Task Finish_InTheMiddle_DeliversTheEpochsModel()
    {
        await StartAsync(Examples.Plan with { Epochs = 1_000_000 });
        await AnswerAsync(await _channel.ReceiveAsync(), []);
        await _channel.SendAsync(new TileMessage.Finish());
        var run = await ConverseAsync();
        var done = Assert.IsType<TileMessage.Done>(run.Last);
        Assert.InRange(done.Epochs, 1, 1000);
        Assert.NotEmpty(run.Model);
        Assert.Equal(0, await ExitCodeAsync());
    }

    [Fact]
    public async Task Program_ThatIsNone_IsRefusedBeforeReady()
    {
        await _channel.SendAsync(Configure(Examples.Plan) with { ProgramSize = 4 });
        await _channel.SendAsync(new TileMessage.Program("nope"u8.ToArray()));
        await AssertFailedAsync("program-not-torchscript", 3);
    }

    [Fact]
    public async Task Program_ThatAsksForMoreMemoryThanIsPlanned_IsEndedByName()
    {
        var program = await File.ReadAllBytesAsync(Examples.Program("char_gpt"));
        var stream = new TileStream("text", StreamRole.Train, Examples.Sonnets, Examples.Sonnets.RecordSize, 1 << 16);
        var plan = Examples.Plan with { BatchSize = 1 << 16, Standardize = false };
        await _channel.SendAsync(new TileMessage.Configure(plan, [stream], program.Length) { MemoryBytes = 1 << 20 });
        await _channel.SendAsync(new TileMessage.Program(program));
        Assert.IsType<TileMessage.Ready>(await _channel.ReceiveAsync());
        await _channel.SendAsync(new TileMessage.Start());

        await AssertFailedAsync("training-memory-exceeded", (int)ErrorClass.Refused);
    }

    [Fact]
    public async Task Probe_OfTilesThatNothingConfines_NamesWhatTheyReach_AndTheJobGoesOn()
    {
        using var outside = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        outside.Start();
        var secret = _folder.Write("secret", "secret");
        await _channel.SendAsync(Probe(((System.Net.IPEndPoint)outside.LocalEndpoint).Port, secret));
        var findings = Assert.IsType<TileMessage.Probed>(await _channel.ReceiveAsync()).Findings;
        Assert.Contains($"network: {outside.LocalEndpoint} can be connected to", findings);
        Assert.Contains($"files: {secret} can be seen", findings);
        Assert.Contains(findings, finding => finding.StartsWith("namespaces: net:", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.StartsWith("processes: ", StringComparison.Ordinal));

        Assert.IsType<TileMessage.Done>((await RunJobAsync(Examples.Plan with { Epochs = 1 })).Last);
    }

    [Fact]
    public async Task Probe_TheSecondTime_IsRefused()
    {
        await _channel.SendAsync(Probe(1, "/nowhere"));
        Assert.IsType<TileMessage.Probed>(await _channel.ReceiveAsync());
        await _channel.SendAsync(Probe(1, "/nowhere"));
        await AssertFailedAsync(TileErrors.MessageUnexpected.Id, 1);
    }

    [Fact]
    public async Task Plan_ThatStreamsCannotFulfil_IsRefusedBeforeReady()
    {
        var configure = Configure(Examples.Plan with { EarlyStopping = new EarlyStopping(1, 0) });
        await _channel.SendAsync(configure with { Streams = configure.Streams[..2] });
        await AssertFailedAsync(PlanErrors.NothingToEvaluate.Id, 3);
    }

    [Fact]
    public async Task StandardOutput_OnceServing_IsTheErrorStreamAndNotTheChannel()
    {
        await StartAsync(Examples.Plan);
        string Target(int descriptor) => new FileInfo($"/proc/{_process.Id}/fd/{descriptor}").LinkTarget!;
        Assert.Equal(Target(2), Target(1));
        Assert.Equal("/dev/null", Target(0));
    }

    [Fact]
    public async Task Message_OutOfTurn_IsRefused()
    {
        await _channel.SendAsync(new TileMessage.Start());
        await AssertFailedAsync(TileErrors.MessageUnexpected.Id, 1);
    }

    [Fact]
    public async Task Frame_ThatWasNotAskedForNext_EndsTheRun()
    {
        await StartAsync(Examples.Plan);
        var first = Assert.IsType<TileMessage.NeedFrame>(await _channel.ReceiveAsync());
        var second = Assert.IsType<TileMessage.NeedFrame>(await _channel.ReceiveAsync());
        Assert.NotEqual(first.Position, second.Position);
        await _channel.SendAsync(new TileMessage.Frame(second.Position, FrameOf(second.Position)));
        await AssertFailedAsync(TileErrors.MessageUnexpected.Id, 1);
    }

    [Fact]
    public async Task Frame_OfAnotherLength_EndsTheRun()
    {
        await StartAsync(Examples.Plan);
        var need = Assert.IsType<TileMessage.NeedFrame>(await _channel.ReceiveAsync());
        await _channel.SendAsync(new TileMessage.Frame(need.Position, FrameOf(need.Position)[1..]));
        await AssertFailedAsync(TileErrors.MessageUnexpected.Id, 1);
    }

    [Fact]
    public async Task Cancel_InTheMiddle_EndsTheRun()
    {
        await StartAsync(Examples.Plan with { Epochs = 1_000_000 });
        for (var frame = 0; frame < 100; frame++)
        {
            await AnswerAsync(await _channel.ReceiveAsync(), []);
        }

        await _channel.SendAsync(new TileMessage.Cancel());
        await AssertFailedAsync(TileErrors.Cancelled.Id, 9);
    }

    [Fact]
    public async Task Controller_ThatGoesAway_TakesTheTilesWithIt()
    {
        await StartAsync(Examples.Plan with { Epochs = 1_000_000 });
        await AnswerAsync(await _channel.ReceiveAsync(), []);
        _process.StandardInput.Close();
        Assert.Equal((int)TileErrors.ChannelClosed.Class, await ExitCodeAsync());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
        _folder.Dispose();
    }

    private async Task<Run> RunJobAsync(TrainingPlan plan, int checkpointEvery = 0, int firstEpoch = 0, byte[]? state = null)
    {
        await StartAsync(plan, checkpointEvery, firstEpoch, state);
        return await ConverseAsync();
    }

    private async Task<Run> ConverseAsync()
    {
        var run = new Run();
        using var model = new MemoryStream();
        using var checkpoint = new MemoryStream();
        while (true)
        {
            switch (await _channel.ReceiveAsync())
            {
                case TileMessage.NeedFrame need:
                    await AnswerAsync(need, run.Asked);
                    break;
                case TileMessage.Progress progress:
                    run.Progress.Add(progress);
                    break;
                case TileMessage.Checkpoint piece:
                    checkpoint.Write(piece.Chunk.Span);
                    if (piece.Last)
                    {
                        run.Checkpoints.Add(run.Progress[^1].Epoch, checkpoint.ToArray());
                        checkpoint.SetLength(0);
                    }

                    break;
                case TileMessage.Output output:
                    model.Write(output.Chunk.Span);
                    break;
                case var last:
                    return run with { Last = last, Model = model.ToArray() };
            }
        }
    }

    private async Task StartAsync(TrainingPlan plan, int checkpointEvery = 0, int firstEpoch = 0, byte[]? state = null)
    {
        var program = await File.ReadAllBytesAsync(Examples.Program("wdbc_mlp"));
        await _channel.SendAsync(Configure(plan) with { ProgramSize = program.Length, CheckpointEveryEpochs = checkpointEvery, FirstEpoch = firstEpoch });
        await _channel.SendAsync(new TileMessage.Program(program.AsMemory(0, 1000)));
        await _channel.SendAsync(new TileMessage.Program(program.AsMemory(1000)));
        if (state is not null)
        {
            await _channel.SendAsync(new TileMessage.State(false, state.AsMemory(0, 1000)));
            await _channel.SendAsync(new TileMessage.State(true, state.AsMemory(1000)));
        }

        Assert.IsType<TileMessage.Ready>(await _channel.ReceiveAsync());
        await _channel.SendAsync(new TileMessage.Start());
    }

    private async Task AnswerAsync(TileMessage message, List<FramePosition> asked)
    {
        if (message is TileMessage.NeedFrame { Position: var position })
        {
            asked.Add(position);
            await _channel.SendAsync(new TileMessage.Frame(position, FrameOf(position)));
        }
    }

    private async Task AssertFailedAsync(string code, int exitCode)
    {
        TileMessage message;
        do
        {
            message = await _channel.ReceiveAsync();
        }
        while (message is TileMessage.NeedFrame or TileMessage.Progress);
        Assert.Equal(code, Assert.IsType<TileMessage.Failed>(message).Code);
        Assert.Equal(exitCode, await ExitCodeAsync());
    }

    private async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    private static TileMessage.Probe Probe(int port, string secret) => new()
    {
        Files = ["/usr"],
        Secrets = [secret],
        Environment = [],
        Namespaces = [new FileInfo("/proc/self/ns/net").LinkTarget!],
        Port = port,
        Socket = "nobody",
    };

    private TileMessage.Configure Configure(TrainingPlan plan) => new(
        plan,
        [.. Files.Select((file, index) => new TileStream(
            file, index < 2 ? StreamRole.Train : StreamRole.Evaluate, Examples.Wdbc, Examples.FrameSize, _records[index].Length / Examples.Wdbc.RecordSize))],
        1)
    {
        MemoryBytes = 256 << 20,
    };

    private byte[] FrameOf(FramePosition position)
    {
        var start = (int)position.Frame * Examples.FrameSize;
        return _records[position.Stream][start..Math.Min(start + Examples.FrameSize, _records[position.Stream].Length)];
    }

    private static byte[] Records(string file)
    {
        using var reader = RecordReader.Open(Examples.Data(file), Examples.Wdbc);
        using var records = new MemoryStream();
        reader.CopyTo(record => records.Write(record));
        return records.ToArray();
    }

    private sealed record Run
    {
        public List<FramePosition> Asked { get; } = [];

        public List<TileMessage.Progress> Progress { get; } = [];

        public SortedDictionary<int, byte[]> Checkpoints { get; } = [];

        public TileMessage? Last { get; init; }

        public byte[] Model { get; init; } = [];
    }
}
