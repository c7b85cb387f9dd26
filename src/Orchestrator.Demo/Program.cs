using Orchestrator.Demo;
using Spectre.Console;

// orchestrator-demo COMMAND DATASETS PROGRAMS [FOLDER]: `make demo` knows the paths. With FOLDER everything stays there to look at.
// --join EXAMPLE in front: the demonstration of a join in a confidential container group, whose files are in EXAMPLE;
// behind it --uvm IMAGE: in a virtual machine.
string? join = null;
if (args is ["--join", { } example, .. var rest])
{
    join = example;
    args = rest;
}

string? uvm = null;
if (args is ["--uvm", { } image, .. var others])
{
    uvm = Path.GetFullPath(image);
    args = others;
}

if (args.Length is < 3 or > 4)
{
    Console.Error.WriteLine("usage: Orchestrator.Demo COMMAND DATASETS PROGRAMS [FOLDER]");
    return 2;
}

string folder = args.Length == 4 ? Directory.CreateDirectory(args[3]).FullName : Directory.CreateTempSubdirectory("orchestrator-demo-").FullName;
using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true;
    interrupted.Cancel();
};

const int WidthOfAFile = 200;
IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
{
    Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
    ColorSystem = Console.IsOutputRedirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
});
if (Console.IsOutputRedirected)
{
    console.Profile.Width = WidthOfAFile;
}

var story = new Story(console, TimeProvider.System);
try
{
    var command = new Command(args[0]);
    Findings findings = join is null
        ? await new Demonstration(command, story, folder, args[1], args[2]).RunAsync(interrupted.Token)
        : await new JoinDemonstration(command, story, folder, args[1], args[2], join, uvm).RunAsync(interrupted.Token);
    story.End(findings.ToString());
    return findings.Holds ? 0 : 1;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    Console.Error.WriteLine("demo: interrupted");
    return 130;
}
catch (Exception e) when (e is DemoFailedException or Orchestrator.Errors.OrchestratorException)
{
    Console.Error.WriteLine($"demo: failed: {e.Message}");
    return 1;
}
finally
{
    if (args.Length < 4)
    {
        Directory.Delete(folder, recursive: true);
    }
}
