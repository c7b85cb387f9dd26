using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Crypto.IO.Memory;
using Orchestrator.Data.TileProtocol;
using Orchestrator.Errors;
using Orchestrator.Tiles;
using Orchestrator.Tiles.Local;
using Orchestrator.Tiles.Serving;

const string Usage = """
    Runs TorchScript programs, always in a process of their own.

      Orchestrator.Tiles serve [DESCRIPTOR]                 train what a device's controller asks for, over standard input and output
                                                            and the shared memory that it left open
      Orchestrator.Tiles train JOB FOLDER [EVERY [STATE]]   train on plaintext files; writes model.safetensors and metrics.json,
                                                            every so many epochs (0: never) state-EPOCH.safetensors; goes on from STATE
      Orchestrator.Tiles evaluate JOB MODEL                 judge a model on the job's evaluation files; metrics as JSON

    JOB is a JSON file; see docs/spec/tiles.md.
    """;

var indented = new JsonSerializerOptions { WriteIndented = true };
using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, signal) =>
{
    signal.Cancel = true;
    interrupted.Cancel();
};

NativeLibraries.Prepare();
try
{
    return args switch
    {
        ["serve"] => await Silent(Serve(null)),
        ["serve", var memory] when int.TryParse(memory, out var descriptor) => await Silent(Serve(descriptor)),
        ["train", var job, var folder] => await Silent(TrainCommand.RunAsync(job, folder, 0, null, interrupted.Token)),
        ["train", var job, var folder, var every, .. { Length: <= 1 } state] when int.TryParse(every, NumberStyles.None, CultureInfo.InvariantCulture, out var epochs) =>
            await Silent(TrainCommand.RunAsync(job, folder, epochs, state.FirstOrDefault(), interrupted.Token)),
        ["evaluate", var job, var model] => Print(await EvaluateCommand.RunAsync(job, model, interrupted.Token)),
        ["--help" or "-h"] => Help(Console.Out, 0),
        _ => Help(Console.Error, (int)ErrorClass.Usage),
    };
}
catch (OrchestratorException e)
{
    Console.Error.WriteLine(ErrorReport.Line(e));
    return (int)e.Code.Class;
}
catch (OperationCanceledException)
{
    const int InterruptedBySignal = 130;
    return InterruptedBySignal;
}

static async Task Serve(int? descriptor)
{
    ProcessMemory.ForbidCoreDumps();
    ProcessMemory.ForbidReaders();
    using var memory = descriptor is { } number ? TileMemory.Open(number) : null;
    using var channel = ChannelDescriptors.TakeOver(memory);
    await new TileSession(channel).RunAsync();
}

static async Task<int> Silent(Task work)
{
    await work;
    return 0;
}

int Print(JsonObject result)
{
    Console.Out.WriteLine(result.ToJsonString(indented));
    return 0;
}

static int Help(TextWriter writer, int exitCode)
{
    writer.WriteLine(Usage);
    return exitCode;
}
