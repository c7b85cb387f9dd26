using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Console;
using Orchestrator.Errors;
using Orchestrator.Host;
using HostOptions = Orchestrator.Host.HostOptions;

return await HostCommand.Create(RunAsync).Parse(args).InvokeAsync();

static async Task<int> RunAsync(HostOptions options, CancellationToken cancellationToken)
{
    using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
    {
        signal.Cancel = true;
        stop.Cancel();
    });
    try
    {
        await using HostServer server = await HostServer.StartAsync(options, logging: LogToStandardError, cancellationToken: stop.Token);
        Console.WriteLine($"address {server.Address.GetLeftPart(UriPartial.Authority)}");
        Console.WriteLine($"certificate {server.Fingerprint}");
        await Task.Delay(Timeout.InfiniteTimeSpan, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }
    catch (OrchestratorException failure)
    {
        Console.Error.WriteLine($"error {failure.Code}: {failure.Message}");
        Console.Error.WriteLine($"  {failure.Remedy}");
        return (int)failure.Code.Class;
    }
}

static void LogToStandardError(ILoggingBuilder logging)
{
    logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning);
    logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
}
