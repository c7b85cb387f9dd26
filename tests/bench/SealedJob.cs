using System.Globalization;
using System.Text.RegularExpressions;
using Orchestrator.Attestation;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Data.Plans;
using Orchestrator.Sdk;
using JobEvent = Orchestrator.Contracts.Protocol.Host.JobEvent;

namespace Orchestrator.Bench;

/// <summary>A program and data that a tenant has sealed, and how to train.</summary>
internal sealed partial record SealedJob(string Program, string Data, TrainingPlan Plan)
{
    private int _runs;

    /// <summary>Uploads both.</summary>
    public async Task PushAsync(HostConnection host)
    {
        await host.PushAsync(Program);
        await host.PushAsync(Data);
    }

    /// <summary>Proposes the job, and waits for its end.</summary>
    /// <returns>Seconds from the first batch to the end of the last epoch, as the device tells them.</returns>
    public async Task<double> RunAsync(HostConnection host, PartyIdentity tenant, FirmwareMeasurements firmware)
    {
        Digest job = await host.ProposeAsync(JobCompiler.Compile(Describe(tenant, firmware)));
        JobEvent last = await host.WatchAsync(job).LastAsync();
        await Console.Error.WriteLineAsync($"  microseconds: {last.Overhead}");
        return TrainingTime().Match(last.Text) is { Success: true } told
            ? double.Parse(told.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"The job ended with {last.Kind}: {last.Error?.Code} {last.Error?.Message}");
    }

    private JobFile Describe(PartyIdentity tenant, FirmwareMeasurements firmware) => new()
    {
        Name = "bench",
        Serial = ++_runs,
        Launcher = tenant.Name,
        Parties = [tenant],
        Program = new StreamSource(tenant.Name, null, Program),
        Data = [new StreamSource(tenant.Name, StreamRole.Train, Data)],
        Plan = Plan,
        Outputs = [new ManifestOutput("model", OutputKind.Model, [tenant.Name])],
        Metrics = new MetricsRelease([], 1, 6),
        Device = new DeviceRequirements([firmware], 1),
    };

    [GeneratedRegex("^Trained for ([0-9.]+) s")]
    private static partial Regex TrainingTime();
}
