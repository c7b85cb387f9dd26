using Orchestrator.Bench;
using Orchestrator.Bench.Commands;
using Orchestrator.Bench.Groups;
using Orchestrator.Bench.Images;
using Orchestrator.Bench.Memory;
using Orchestrator.Bench.Policies;
using Orchestrator.Bench.Releases;
using Orchestrator.Bench.Streams;
using Orchestrator.Bench.Training;
using Orchestrator.Bench.Transfers;

if (args is [ChildWork.Switch, string work, .. string[] arguments])
{
    ChildWork.Do(work, arguments);
    return 0;
}

var peaks = new JobPeaks();
var machines = new MachineFigures();

// One line each; `bench NAME...` runs those whose names begin with a NAME.
IBenchmark[] benchmarks =
[
    new SealFrames(),
    new OpenFrames(),
    new SealWithDigest(),
    new OpenWithDigest(),
    new SealFileVersusAge(),
    new OpenFileVersusAge(),
    new SealMemory(),
    new SealCommandVersusAge(),
    new VerifyCommandVersusAge(),
    new DmaPath(sharesMemory: true),
    new DmaPath(sharesMemory: false),
    new VerityHashing(allCores: false),
    new VerityHashing(allCores: true),
    new LayerMaking(reads: false),
    new LayerMaking(reads: true),
    new GroupGeneration(10),
    new GroupGeneration(100),
    new PolicyDecisions(),
    new PolicyParsing(1),
    new PolicyParsing(10),
    new PolicyParsing(100),
    new PolicyProofs(),
    new ContainerLifecycle(works: false),
    new ContainerLifecycle(works: true),
    new JoinEndToEnd(),
    new ReleaseToParties(100),
    new ReleaseToParties(1000),
    new MachineBoot(machines),
    .. MachineVersusSandbox.All(machines),
    .. MachinePolicy.All(machines),
    new FlatMemory("seal", Built.Orchestrator, peaks),
    new FlatMemory("host", Built.Host, peaks),
    new FlatMemory("device", Built.Device, peaks),
    new FlatMemory("tiles", Built.Tiles, peaks),
    new TrainerVersusTorch(TrainingTask.WdbcMlp),
    new TrainerVersusTorch(TrainingTask.DigitsCnn),
    new TrainerVersusTorch(TrainingTask.CharGpt),
    new JobVersusPlaintext(TrainingTask.WdbcMlp),
    new JobVersusPlaintext(TrainingTask.DigitsCnn),
];

const string Folder = "out";
Directory.CreateDirectory(Folder);
var outcomes = new List<Outcome>();
foreach (IBenchmark benchmark in benchmarks.Where(b => args.Length == 0 || args.Any(a => b.Name.StartsWith(a, StringComparison.Ordinal))))
{
    Console.Error.WriteLine($"measuring {benchmark.Name} ...");
    try
    {
        outcomes.Add(new Outcome(benchmark, benchmark.Measure()));
    }
    catch (UnavailableException e)
    {
        Console.Error.WriteLine($"{benchmark.Name} unavailable: {e.Message}");
    }
}

string table = Report.Markdown(outcomes);
File.WriteAllText(Path.Combine(Folder, "bench.json"), Report.Json(outcomes));
File.WriteAllText(Path.Combine(Folder, "bench.md"), table);
Console.Write(table);
return 0;
