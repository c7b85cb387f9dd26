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

    /// <summary>Proposes the job in the first party's name, has the others approve it, and waits for its end.</summary>
    /// <returns>The event that tells of the completed job.</returns>
    public async Task<JobEvent> RunAsync(IReadOnlyList<AttendingParty> parties, FirmwareMeasurements firmware)
    {
        Manifest manifest = JobCompiler.Compile(Describe(parties, firmware));
        Digest job = await parties[0].Host.ProposeAsync(manifest);
        foreach (AttendingParty party in parties.Skip(1))
        {
            await party.Host.ApproveAsync(manifest);
        }

        JobEvent last = await parties[0].Host.WatchAsync(job).LastAsync();
        await Console.Error.WriteLineAsync($"  microseconds: {last.Overhead}");
        return last.Overhead is not null ? last : throw new InvalidOperationException($"The job ended with {last.Kind}: {last.Error?.Code} {last.Error?.Message}");
    }

    /// <summary>Seconds from the first batch to the end of the last epoch, as the device told them.</summary>
    public static double TrainingSeconds(JobEvent completed) => double.Parse(TrainingTime().Match(completed.Text).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    private JobFile Describe(IReadOnlyList<AttendingParty> parties, FirmwareMeasurements firmware)
    {
        string tenant = parties[0].Identity.Name;
        return new JobFile
        {
            Name = "bench",
            Serial = ++_runs,
            Launcher = tenant,
            Parties = [.. parties.Select(party => party.Identity)],
            Program = new StreamSource(tenant, null, Program),
            Data = [new StreamSource(tenant, StreamRole.Train, Data)],
            Plan = Plan,
            Outputs = [new ManifestOutput("model", OutputKind.Model, [tenant])],
            Metrics = new MetricsRelease([], 1, 6),
            Device = new DeviceRequirements([firmware], 1),
        };
    }

    [GeneratedRegex("^Trained for ([0-9.]+) s")]
    private static partial Regex TrainingTime();
}
