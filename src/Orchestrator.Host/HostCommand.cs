using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;

namespace Orchestrator.Host;

/// <summary>The command line of the host's executable.</summary>
internal static class HostCommand
{
    public static RootCommand Create(Func<HostOptions, CancellationToken, Task<int>> run)
    {
        var defaults = new HostOptions { State = "host-state" };
        var state = new Option<string>("--state") { Description = "Folder of the host's state; made if it is missing.", HelpName = "DIR", DefaultValueFactory = _ => defaults.State };
        var listen = new Option<IPEndPoint>("--listen") { Description = "Address and port to serve on; port 0 takes any that is free.", HelpName = "ADDRESS:PORT", CustomParser = ParseEndPoint, DefaultValueFactory = _ => new IPEndPoint(IPAddress.Loopback, 7443) };
        var devices = new Option<Uri[]>("--device") { Description = "A device's address, http://ADDRESS:PORT. May be given several times.", HelpName = "URL", CustomParser = ParseDevices };
        var shim = new Option<Uri[]>("--shim") { Description = "Address of the shim that runs container groups for prepare stages, http://ADDRESS:PORT.", HelpName = "URL", CustomParser = ParseDevices };
        var framesByGrpc = new Option<bool>("--frames-by-grpc") { Description = "Send frames by gRPC also to a device on this machine, instead of through memory that it shares with the host." };
        var readyFile = new Option<string?>("--ready-file") { Description = "File to write the host's address into once it serves.", HelpName = "FILE" };
        var maximumObject = new Option<long>("--maximum-object") { Description = "Largest object, in bytes.", HelpName = "BYTES", DefaultValueFactory = _ => defaults.MaximumObjectBytes };
        var quota = new Option<long>("--quota") { Description = "What one party's objects may take together, in bytes.", HelpName = "BYTES", DefaultValueFactory = _ => defaults.QuotaBytes };
        var openJobs = new Option<int>("--open-jobs") { Description = "How many jobs that have not ended one party may have proposed.", HelpName = "NUMBER", DefaultValueFactory = _ => defaults.MaximumOpenJobs };
        var manifestQuota = new Option<long>("--manifest-quota") { Description = "What the manifests that one party proposed may take together, in bytes.", HelpName = "BYTES", DefaultValueFactory = _ => defaults.ManifestQuotaBytes };
        var waitTimeout = new Option<int>("--wait-timeout") { Description = "How long a queued job waits for a device and for agents, in seconds.", HelpName = "SECONDS", DefaultValueFactory = _ => (int)defaults.WaitTimeout.TotalSeconds };
        var releaseTimeout = new Option<int>("--release-timeout") { Description = "How long an agent may take to answer, in seconds.", HelpName = "SECONDS", DefaultValueFactory = _ => (int)defaults.ReleaseTimeout.TotalSeconds };

        var command = new RootCommand("Orchestrator's host: keeps sealed objects, runs jobs on devices, relays what parties and devices say to each other. It can read nothing of it.\n\nExample:\n  Orchestrator.Host --state ./host --listen 0.0.0.0:7443 --device http://127.0.0.1:7500")
        {
            state, listen, devices, shim, framesByGrpc, readyFile, maximumObject, quota, openJobs, manifestQuota, waitTimeout, releaseTimeout,
        };
        command.SetAction((result, cancellationToken) => run(
            new HostOptions
            {
                State = result.GetRequiredValue(state),
                Listen = result.GetRequiredValue(listen),
                Devices = result.GetValue(devices) ?? [],
                Shim = result.GetValue(shim)?.LastOrDefault(),
                FramesByGrpc = result.GetValue(framesByGrpc),
                ReadyFile = result.GetValue(readyFile),
                MaximumObjectBytes = result.GetRequiredValue(maximumObject),
                QuotaBytes = result.GetRequiredValue(quota),
                MaximumOpenJobs = result.GetRequiredValue(openJobs),
                ManifestQuotaBytes = result.GetRequiredValue(manifestQuota),
                WaitTimeout = TimeSpan.FromSeconds(result.GetRequiredValue(waitTimeout)),
                ReleaseTimeout = TimeSpan.FromSeconds(result.GetRequiredValue(releaseTimeout)),
            },
            cancellationToken));
        return command;
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

    private static Uri[] ParseDevices(ArgumentResult result)
    {
        var devices = new List<Uri>();
        foreach (Token token in result.Tokens)
        {
            if (Uri.TryCreate(token.Value, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttp)
            {
                devices.Add(uri);
            }
            else
            {
                result.AddError($"\"{token.Value}\" is not an address, http://ADDRESS:PORT.");
            }
        }

        return [.. devices];
    }
}
