using System.Globalization;

namespace Orchestrator.Attestation.Quotes;

/// <summary>One claim for people.</summary>
/// <param name="Name">As in <c>docs/spec/quote.md</c>.</param>
/// <param name="Value">Hexadecimal where the claim is bytes.</param>
public sealed record ClaimText(string Name, string Value);

/// <summary>Tells people what a quote says, claim by claim.</summary>
public static class QuoteDescription
{
    /// <summary>Every claim, in the order of the specification.</summary>
    public static IReadOnlyList<ClaimText> Describe(this Quote quote)
    {
        ArgumentNullException.ThrowIfNull(quote);
        return
        [
            new("eat_profile", Quote.Profile),
            new("ueid", Hex(quote.Ueid)),
            new("oemid", Hex(quote.OemId)),
            new("hwmodel", quote.HardwareModel),
            new("hwversion", quote.HardwareVersion),
            new("dbgstat", quote.Debug ? "enabled" : "disabled since boot"),
            new("bootcount", quote.BootCounter.ToString(CultureInfo.InvariantCulture)),
            new("measurements.bootloader", quote.Bootloader.ToString()),
            new("measurements.ccu", quote.Firmware.Ccu.ToString()),
            new("measurements.icu", quote.Firmware.Icu.ToString()),
            new("measurements.tiles", quote.Firmware.Tiles.ToString()),
            new("simulated", Truth(quote.Simulated)),
            new("mode", quote.Mode),
            new("confined", Truth(quote.Confined)),
            new("security_version", quote.SecurityVersion.ToString(CultureInfo.InvariantCulture)),
            new("device_id", quote.DeviceId.ToString()),
            new("manifest", quote.Manifest.ToString()),
            new("session", Hex(quote.Session)),
            new("session_key", Hex(quote.SessionKey.ToArray())),
            .. quote.Nonces.Select(nonce => new ClaimText($"eat_nonce.{nonce.Key}", Hex(nonce.Value))),
            .. quote.Preparations.Select(stage => new ClaimText($"preparations.{stage.Key}", stage.Value.ToString())),
            new("checkpoint", quote.Checkpoint?.ToString() ?? "none"),
        ];
    }

    private static string Truth(bool value) => value ? "true" : "false";

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);
}
