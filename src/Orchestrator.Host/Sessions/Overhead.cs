using System.Globalization;
using Orchestrator.Contracts.Protocol.Device;

namespace Orchestrator.Host.Sessions;

/// <summary>Where the time of a job went; the terms are docs/spec/device.md's.</summary>
/// <param name="Attest">From the reset to the quote.</param>
/// <param name="KeyWait">From the quote to the commit.</param>
/// <param name="Run">What the device says of the rest.</param>
internal sealed record Overhead(TimeSpan Attest, TimeSpan KeyWait, Finished Run)
{
    /// <summary>In seconds, for people and programs alike.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        attest {Attest.TotalSeconds:0.000}, key wait {KeyWait.TotalSeconds:0.000}, transfer {Run.TransferMicroseconds / 1e6:0.000}, decrypt {Run.DecryptMicroseconds / 1e6:0.000}, ingest {Run.IngestMicroseconds / 1e6:0.000}, compute {Compute / 1e6:0.000}, egress {Run.EgressMicroseconds / 1e6:0.000}
        """);

    private double Compute => (double)Run.TrainingMicroseconds - Run.WaitingMicroseconds;
}
