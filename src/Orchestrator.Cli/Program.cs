using System.Runtime.InteropServices;
using Orchestrator.Cli;

using var interrupt = new CancellationTokenSource();
int signalled = 0;

// The first signal ends the work in good order; a second one gets the default, immediate end.
void OnSignal(PosixSignalContext context)
{
    if (!interrupt.IsCancellationRequested)
    {
        context.Cancel = true;
        signalled = context.Signal switch
        {
            PosixSignal.SIGHUP => ExitCodes.HungUp,
            PosixSignal.SIGTERM => ExitCodes.Terminated,
            _ => ExitCodes.Interrupted,
        };
        interrupt.Cancel();
    }
}

using PosixSignalRegistration onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using PosixSignalRegistration onHangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
using PosixSignalRegistration onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
int exitCode = await CommandLine.RunAsync(args, Terminal.OfThisProcess(), interrupt.Token);
return signalled != 0 ? signalled : exitCode;
