using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Orchestrator.Errors;
using Orchestrator.Shim;
using Orchestrator.Shim.BackEnds;

var state = new Option<string>("--state") { Description = "Folder of the shim's state; made if it is missing.", HelpName = "DIR", DefaultValueFactory = _ => "shim-state" };
var psp = new Option<string?>("--psp") { Description = "Folder of the simulated security processor; default is one inside the state folder. Parties trust its ark.pem.", HelpName = "DIR" };
var listen = new Option<IPEndPoint>("--listen") { Description = "Address and port to serve on; port 0 takes any that is free.", HelpName = "ADDRESS:PORT", CustomParser = ParseEndPoint, DefaultValueFactory = _ => new IPEndPoint(IPAddress.Loopback, 0) };
var groups = new Option<string[]>("--group") { Description = "A group file that stages may name by its policy. May be given several times.", HelpName = "FILE" };
var uvm = new Option<string?>("--uvm") { Description = "Folder of a utility VM's image (eng/build-uvm.sh): each group gets a virtual machine of its own. Default: groups run in sandboxes.", HelpName = "DIR" };
var endorsement = new Option<string?>("--endorsement") { Description = "A publisher's endorsement of what the groups measure (orchestrator group endorse), to show to parties. Default: that in the image's folder, if there is one.", HelpName = "FILE" };
var readyFile = new Option<string?>("--ready-file") { Description = "File to write the shim's address into once it serves.", HelpName = "FILE" };
var command = new RootCommand("Orchestrator's shim: starts confidential container groups for the prepare stages of a host's jobs, and drives them. It can read nothing of what they read.\n\nExample:\n  Orchestrator.Shim --state ./shim --group join/group.yaml --listen 127.0.0.1:7600")
{
    state, psp, listen, groups, uvm, endorsement, readyFile,
};
command.SetAction((parsed, cancel) => RunAsync(
    new ShimOptions
    {
        State = parsed.GetRequiredValue(state),
        Psp = parsed.GetValue(psp),
        Guests = new GuestSource(parsed.GetValue(uvm), parsed.GetValue(endorsement)),
        Listen = parsed.GetRequiredValue(listen),
        Groups = parsed.GetValue(groups) ?? [],
        ReadyFile = parsed.GetValue(readyFile),
    },
    cancel));
ParseResult line = command.Parse(args);
if (line.Errors.Count > 0)
{
    Console.Error.WriteLine(string.Join(Environment.NewLine, line.Errors.Select(error => $"error: {error.Message}").Append("remedy: See --help.")));
    return (int)ErrorClass.Usage;
}

return await line.InvokeAsync();

static async Task<int> RunAsync(ShimOptions options, CancellationToken cancel)
{
    using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
    using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
    {
        signal.Cancel = true;
        stop.Cancel();
    });
    try
    {
        await using ShimServer server = await ShimServer.StartAsync(options, LogToStandardError, stop.Token);
        Console.WriteLine($"address {server.Address.GetLeftPart(UriPartial.Authority)}");
        Console.WriteLine($"root {server.RootFile}");
        Console.WriteLine($"measurement {GuestBackEnds.Measure(options.Guests.Uvm)}");
        foreach (string group in server.Groups)
        {
            Console.WriteLine($"group {group}");
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }
    catch (OrchestratorException failure)
    {
        Console.Error.WriteLine($"error: {failure.Code}: {failure.Message}");
        Console.Error.WriteLine($"remedy: {failure.Remedy}");
        return (int)failure.Code.Class;
    }
}

static IPEndPoint ParseEndPoint(ArgumentResult result)
{
    if (IPEndPoint.TryParse(result.Tokens.Single().Value, out IPEndPoint? endPoint))
    {
        return endPoint;
    }

    result.AddError($"\"{result.Tokens.Single().Value}\" is not ADDRESS:PORT with a numeric address.");
    return new IPEndPoint(IPAddress.None, 0);
}

static void LogToStandardError(ILoggingBuilder logging)
{
    logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning);
    logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
}
