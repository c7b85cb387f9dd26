using System.Globalization;
using Orchestrator.Attestation.Quotes;

namespace Orchestrator.Attestation.Snp;

/// <summary>Tells people what a report says, field by field.</summary>
public static class SnpReportDescription
{
    /// <summary>Every field, in the order of the layout (docs/spec/snp-evidence.md), but the signature.</summary>
    /// <param name="report">Verified or not.</param>
    /// <param name="product">Names the bytes of TCBs.</param>
    public static IReadOnlyList<ClaimText> Describe(this SnpReport report, SnpProduct product)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(product);
        return
        [
            new("version", Number(report.Version)),
            new("guest_svn", Number(report.GuestSvn)),
            new("guest_policy", report.Policy.ToString()),
            new("family_id", Hex(report.FamilyId)),
            new("image_id", Hex(report.ImageId)),
            new("vmpl", Number(report.Vmpl)),
            new("current_tcb", Tcb(report.CurrentTcb)),
            new("platform_info", $"0x{report.PlatformInfo:x}"),
            new("signing_key", report.SigningKey.ToString().ToUpperInvariant()),
            new("author_key", report.HasAuthorKey ? "present" : "none"),
            new("chip_key", report.MasksChipKey ? "masked: not signed" : "signs"),
            new("report_data", Hex(report.ReportData)),
            new("measurement", report.Measurement.ToString()),
            new("host_data", Hex(report.HostData)),
            new("id_key_digest", Hex(report.IdKeyDigest)),
            new("author_key_digest", Hex(report.AuthorKeyDigest)),
            new("report_id", Hex(report.ReportId)),
            new("report_id_ma", Hex(report.ReportIdMa)),
            new("reported_tcb", Tcb(report.ReportedTcb)),
            .. report.Processor is { } cpu ? [new ClaimText("processor", $"family {cpu.Family}, model {cpu.Model}, stepping {cpu.Stepping}")] : Array.Empty<ClaimText>(),
            new("chip_id", Hex(report.ChipId)),
            new("committed_tcb", Tcb(report.CommittedTcb)),
            new("current_firmware", report.CurrentFirmware.ToString()),
            new("committed_firmware", report.CommittedFirmware.ToString()),
            new("launch_tcb", Tcb(report.LaunchTcb)),
            .. report.Mitigations is { } vectors ? [new ClaimText("mitigations", $"0x{vectors.Launch:x} at launch, 0x{vectors.Current:x} now")] : Array.Empty<ClaimText>(),
        ];

        string Tcb(ulong raw) => $"0x{raw:x16} ({new SnpTcb(raw, product)})";
    }

    private static string Number(uint value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);
}
