using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;

namespace Orchestrator.Device;

/// <summary>The command line of the device's executable.</summary>
internal static class DeviceCommand
{
    public static RootCommand Create(Func<DeviceOptions, CancellationToken, Task<int>> run)
    {
        var state = new Option<string>("--state") { Description = "Folder of the device's secret and counters; provisioned if it is missing.", HelpName = "DIR", DefaultValueFactory = _ => "device-state" };
        var vendor = new Option<string?>("--vendor") { Description = "Folder of the simulated vendor, which devices can share; default is one inside the state folder. Parties trust its root.pem.", HelpName = "DIR" };
        var listen = new Option<IPEndPoint>("--listen") { Description = "Address and port to serve on; port 0 takes any that is free.", HelpName = "ADDRESS:PORT", CustomParser = ParseEndPoint, DefaultValueFactory = _ => new IPEndPoint(IPAddress.Loopback, 0) };
        var readyFile = new Option<string?>("--ready-file") { Description = "File to write the device's address into once it serves.", HelpName = "FILE" };
        var fault = new Option<Fault>("--fault") { Description = "Be wrong on purpose, in one of the ways that --list-faults prints.", HelpName = "NAME", CustomParser = ParseFault };
        var listFaults = new Option<bool>("--list-faults") { Description = "Print the faults, what is wrong with the device, and the code with which parties refuse it." };
        var unconfined = new Option<bool>("--allow-unconfined-tiles") { Description = "Serve even if the tiles cannot be confined here; quotes then say so." };

        var command = new RootCommand("Orchestrator's simulated accelerator: proves what it is and what it will run, takes keys from parties, trains on what they sealed. Its root of trust is software, and its certificates say so.\n\nExample:\n  Orchestrator.Device --state ./device --listen 127.0.0.1:7500")
        {
            state, vendor, listen, readyFile, fault, listFaults, unconfined,
        };
        command.SetAction((result, cancellationToken) => result.GetValue(listFaults) ? ListFaultsAsync(result.InvocationConfiguration.Output) : run(
            new DeviceOptions
            {
                State = result.GetRequiredValue(state),
                Vendor = result.GetValue(vendor),
                Listen = result.GetRequiredValue(listen),
                ReadyFile = result.GetValue(readyFile),
                Fault = result.GetValue(fault),
                AllowUnconfinedTiles = result.GetValue(unconfined),
            },
            cancellationToken));
        return command;
    }

    private static async Task<int> ListFaultsAsync(TextWriter output)
    {
        foreach (FaultDescription fault in FaultDescription.All)
        {
            await output.WriteLineAsync($"{fault.Name,-20} {fault.Deed,-52} {fault.CaughtBy}").ConfigureAwait(false);
        }

        return 0;
    }

    private static Fault ParseFault(ArgumentResult result)
    {
        string name = result.Tokens.Single().Value;
        FaultDescription? described = FaultDescription.All.FirstOrDefault(candidate => candidate.Name == name);
        if (described is null)
        {
            result.AddError($"\"{name}\" is none of the faults; --list-faults prints them.");
        }

        return described?.Fault ?? Fault.None;
    }

    private static IPEndPoint ParseEndPoint(ArgumentResult result)
    {
        if (IPEndPoint.TryParse(result.Tokens.Single().Value, out IPEndPoint? endPoint))
        {
            return endPoint;
        }

        result.AddError($"\"{result.Tokens.Single().Value}\" is not ADDRESS:PORT with a numeric address.");
        return new IPEndPoint(IPAddress.None, 0);
    }
}
