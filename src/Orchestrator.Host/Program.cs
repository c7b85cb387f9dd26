using System.CommandLine;
using Microsoft.Extensions.Logging.Console;
using Orchestrator.Errors;
using Orchestrator.Host;
using HostOptions = Orchestrator.Host.HostOptions;

ParseResult command = HostCommand.Create(RunAsync).Parse(args);
int exitCode = await command.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });
return command.Errors.Count > 0 ? (int)ErrorClass.Usage : exitCode;

// Serves until the process is told to end (SIGINT, SIGTERM).
static async Task<int> RunAsync(HostOptions options, CancellationToken ending)
{
    // Signals are handled from the first time that this yields.
    await Task.Yield();
    try
    {
        await using HostServer server = await HostServer.StartAsync(options, logging: LogToStandardError, cancellationToken: ending);
        Console.WriteLine($"address {server.Address.GetLeftPart(UriPartial.Authority)}");
        Console.WriteLine($"certificate {server.Fingerprint}");
        await server.WaitForShutdownAsync(ending);
        return ending.IsCancellationRequested ? 0 : (int)ErrorClass.Internal;
    }
    catch (OrchestratorException failure)
    {
        Console.Error.WriteLine($"error: {failure.Code}: {failure.Message}");
        Console.Error.WriteLine($"remedy: {failure.Remedy}");
        return (int)failure.Code.Class;
    }
}

static void LogToStandardError(ILoggingBuilder logging)
{
    logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning)

        // What fails in a call is logged by RpcServerErrors; what is left are messages that do not decode, with which anybody could fill the log.
        .AddFilter("Grpc.AspNetCore.Server.ServerCallHandler", LogLevel.None);
    logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
}
