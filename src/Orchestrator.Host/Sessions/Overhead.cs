using System.Globalization;
using Orchestrator.Contracts.Protocol.Device;
using Wire = Orchestrator.Contracts.Protocol.Host;

namespace Orchestrator.Host.Sessions;

/// <summary>Where the time of a job went; the terms are docs/spec/device.md's.</summary>
internal static class Overhead
{
    /// <summary>Puts the host's own times and the device's together.</summary>
    /// <param name="attest">From the reset to the quote.</param>
    /// <param name="keyWait">From the quote to the commit.</param>
    /// <param name="run">What the device says of the rest: untrusted, so no more than a signed number holds.</param>
    public static Wire.Overhead Of(TimeSpan attest, TimeSpan keyWait, Finished run) => new()
    {
        AttestMicroseconds = (ulong)attest.TotalMicroseconds,
        KeyWaitMicroseconds = (ulong)keyWait.TotalMicroseconds,
        TransferMicroseconds = Bounded(run.TransferMicroseconds),
        DecryptMicroseconds = Bounded(run.DecryptMicroseconds),
        IngestMicroseconds = Bounded(run.IngestMicroseconds),
        ComputeMicroseconds = Bounded(run.TrainingMicroseconds - Math.Min(run.TrainingMicroseconds, run.WaitingMicroseconds)),
        EgressMicroseconds = Bounded(run.EgressMicroseconds),
    };

    /// <summary>In seconds, for people.</summary>
    public static string Describe(Wire.Overhead overhead) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        attest {overhead.AttestMicroseconds / 1e6:0.000}, key wait {overhead.KeyWaitMicroseconds / 1e6:0.000}, transfer {overhead.TransferMicroseconds / 1e6:0.000}, decrypt {overhead.DecryptMicroseconds / 1e6:0.000}, ingest {overhead.IngestMicroseconds / 1e6:0.000}, compute {overhead.ComputeMicroseconds / 1e6:0.000}, egress {overhead.EgressMicroseconds / 1e6:0.000}
        """);

    private static ulong Bounded(ulong microseconds) => Math.Min(microseconds, long.MaxValue);
}
