using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Orchestrator.Crypto.IO.Memory;
using Orchestrator.Device;
using Orchestrator.Device.Identity;
using Orchestrator.Errors;

ParseResult command = DeviceCommand.Create(RunAsync).Parse(args);
if (command.Errors.Count > 0)
{
    Console.Error.WriteLine(string.Join(Environment.NewLine, command.Errors.Select(error => $"error: {error.Message}").Append("remedy: See --help.")));
    return (int)ErrorClass.Usage;
}

return await command.InvokeAsync();

static async Task<int> RunAsync(DeviceOptions options, CancellationToken cancellationToken)
{
    using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
    {
        signal.Cancel = true;
        stop.Cancel();
    });
    try
    {
        CloseMemory(options);
        await using DeviceServer server = await DeviceServer.StartAsync(options, logging: LogToStandardError, cancellation: stop.Token);
        Console.WriteLine($"address {server.Address.GetLeftPart(UriPartial.Authority)}");
        Console.WriteLine($"root {server.VendorRoot}");
        Console.WriteLine($"collateral {Path.Combine(Path.GetDirectoryName(server.VendorRoot)!, SimulatedVendor.CollateralFile)}");
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

// A device with debugging enabled says so in its quotes, and may be looked into.
static void CloseMemory(DeviceOptions options)
{
    ProcessMemory.ForbidCoreDumps();
    if (options.Fault != Fault.Debug)
    {
        ProcessMemory.ForbidReaders();
    }
}

static void LogToStandardError(ILoggingBuilder logging)
{
    logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning);
    logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
}
