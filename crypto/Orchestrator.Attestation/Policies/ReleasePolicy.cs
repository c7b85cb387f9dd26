using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation.Quotes;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Policies;

/// <summary>
/// Under which conditions a party releases its keys. As constructed it refuses simulated devices, debugging, unconfined
/// tiles, unreleased firmware and devices that nobody checked for revocation; each of these can be allowed by name.
/// What the approved manifest demands is checked always.
/// </summary>
public sealed record ReleasePolicy
{
    /// <summary>Whose rules in a <see cref="Denial"/> come from the manifest.</summary>
    public const string Manifest = "manifest";

    /// <summary>Whose rules in a <see cref="Denial"/> come from the vendor's collateral.</summary>
    public const string Vendor = "vendor";

    private const string None = "none";

    /// <summary>The party whose policy it is.</summary>
    public required string Party { get; init; }

    /// <summary>The only firmware to accept, of what the manifest accepts; <see langword="null"/> is all that it accepts, an empty list none.</summary>
    public IReadOnlyList<FirmwareMeasurements>? Firmware { get; init; }

    /// <summary>The least security version to accept, if the manifest does not ask for more.</summary>
    public int MinimumSecurityVersion { get; init; } = 1;

    /// <summary>Accept devices whose root of trust is software.</summary>
    public bool AllowSimulatedDevices { get; init; }

    /// <summary>Accept devices whose memory can be read.</summary>
    public bool AllowDebug { get; init; }

    /// <summary>Accept tiles that run without confinement.</summary>
    public bool AllowUnconfinedTiles { get; init; }

    /// <summary>Accept devices without consulting their vendor's collateral.</summary>
    public bool AllowUnknownRevocation { get; init; }

    /// <summary>Accept that a job goes on on a device while nothing shows that it has ended on another.</summary>
    public bool AllowMovedJobs { get; init; }

    /// <summary>Decides whether to release keys for a verified quote.</summary>
    /// <exception cref="ArgumentException">The expected nonce has not <see cref="Quote.NonceSize"/> bytes.</exception>
    public ReleaseDecision Validate(VerifiedQuote quote, QuoteExpectations expectations)
    {
        ArgumentNullException.ThrowIfNull(quote);
        ArgumentNullException.ThrowIfNull(expectations);
        if (expectations.Nonce.Length != Quote.NonceSize)
        {
            throw new ArgumentException($"A nonce has {Quote.NonceSize} bytes.", nameof(expectations));
        }

        ImmutableArray<Denial> denials =
        [
            .. SessionDenials(quote.Claims, expectations),
            .. AssessDevice(quote.Claims, quote.Collateral?.MinimumSecurityVersion, expectations.Firmware, expectations.MinimumSecurityVersion),
        ];
        return denials.IsEmpty ? new ReleaseDecision(new ReleasePermit(quote, Party)) : new ReleaseDecision(denials);
    }

    /// <summary>What the policy has against a device, leaving the session aside: for rehearsals with predicted claims, and for receipts. Permits nothing.</summary>
    /// <param name="claims">What the device claims, or is expected to claim.</param>
    /// <param name="vendorMinimum">The least security version that the vendor's collateral vouches for; <see langword="null"/> if no collateral was, or will be, consulted.</param>
    /// <param name="firmware">The firmware that the manifest accepts; an empty list accepts none.</param>
    /// <param name="minimumSecurityVersion">The least security version that the manifest accepts.</param>
    public ImmutableArray<Denial> AssessDevice(Quote claims, int? vendorMinimum, IReadOnlyList<FirmwareMeasurements> firmware, int minimumSecurityVersion)
    {
        ArgumentNullException.ThrowIfNull(claims);
        ArgumentNullException.ThrowIfNull(firmware);
        return [.. FirmwareDenials(claims, firmware), .. SecurityVersionDenials(claims, vendorMinimum, minimumSecurityVersion), .. DeviceDenials(claims, vendorMinimum is not null)];
    }

    private IEnumerable<Denial> SessionDenials(Quote claims, QuoteExpectations expectations)
    {
        if (claims.Manifest != expectations.Manifest)
        {
            yield return Deny(ReleaseErrors.Manifest, "manifest", expectations.Manifest, claims.Manifest, Party);
        }

        if (!claims.Nonces.TryGetValue(Party, out ReadOnlyMemory<byte> nonce))
        {
            yield return Deny(ReleaseErrors.Nonce, $"nonces.{Party}", Hex(expectations.Nonce), "absent", Party);
        }
        else if (!CryptographicOperations.FixedTimeEquals(nonce.Span, expectations.Nonce.Span))
        {
            yield return Deny(ReleaseErrors.Nonce, $"nonces.{Party}", Hex(expectations.Nonce), Hex(nonce), Party);
        }

        if (!claims.Preparations.SequenceEqual(expectations.Preparations))
        {
            yield return Deny(ReleaseErrors.Preparations, "preparations", List(expectations.Preparations), List(claims.Preparations), Party);
        }

        if (!(expectations.Earlier?.Allows(claims.Checkpoint) ?? claims.Checkpoint is null))
        {
            yield return Deny(ReleaseErrors.Checkpoint, "checkpoint", Newest(expectations.Earlier), claims.Checkpoint?.ToString() ?? None, Party);
        }

        if (expectations.Earlier is { } earlier && !AllowMovedJobs && !earlier.HasEndedBefore(claims))
        {
            yield return Deny(
                ReleaseErrors.Forked, "boot_counter", $"device {Hex(earlier.Ueid)}, boot {earlier.BootCounter + 1} or later", $"device {Hex(claims.Ueid)}, boot {claims.BootCounter}", Party);
        }
        else if (claims.BootCounter <= expectations.LatestBoot)
        {
            // Every session is a boot of its own, so that a genuine device never shows a number twice.
            yield return Deny(ReleaseErrors.DeviceRolledBack, "boot_counter", $"{expectations.LatestBoot + 1} or later", claims.BootCounter, Party);
        }
    }

    private IEnumerable<Denial> FirmwareDenials(Quote claims, IReadOnlyList<FirmwareMeasurements> firmware)
    {
        if (!firmware.Contains(claims.Firmware))
        {
            yield return Deny(ReleaseErrors.Firmware, "firmware", List(firmware), claims.Firmware, Manifest);
        }

        if (Firmware is not null && !Firmware.Contains(claims.Firmware))
        {
            yield return Deny(ReleaseErrors.Firmware, "firmware", List(Firmware), claims.Firmware, Party);
        }
    }

    private IEnumerable<Denial> SecurityVersionDenials(Quote claims, int? ofVendor, int ofManifest)
    {
        (int Minimum, string PolicyOf)[] rules = [(ofManifest, Manifest), (MinimumSecurityVersion, Party), (ofVendor ?? 0, Vendor)];
        return rules
            .Where(rule => claims.SecurityVersion < rule.Minimum)
            .Select(rule => Deny(ReleaseErrors.SecurityVersion, "security_version", $"at least {rule.Minimum}", claims.SecurityVersion, rule.PolicyOf));
    }

    private IEnumerable<Denial> DeviceDenials(Quote claims, bool collateralConsulted)
    {
        if (claims.Mode != Quote.TrustedMode)
        {
            yield return Deny(ReleaseErrors.Mode, "mode", Quote.TrustedMode, claims.Mode, Party);
        }

        if (claims.Simulated && !AllowSimulatedDevices)
        {
            yield return Deny(ReleaseErrors.Simulated, "simulated", false, true, Party);
        }

        if (claims.Debug && !AllowDebug)
        {
            yield return Deny(ReleaseErrors.Debug, "debug", false, true, Party);
        }

        if (!claims.Confined && !AllowUnconfinedTiles)
        {
            yield return Deny(ReleaseErrors.Unconfined, "confined", true, false, Party);
        }

        if (!collateralConsulted && !AllowUnknownRevocation)
        {
            yield return Deny(ReleaseErrors.RevocationUnknown, "revocation", "checked", "unknown", Party);
        }
    }

    private static Denial Deny(ErrorCode code, string claim, object expected, object observed, string policyOf) =>
        new(code.Id, claim, Text(expected), Text(observed), policyOf, code.Remedy);

    private static string Text(object value) => value is bool truth ? (truth ? "true" : "false") : value.ToString()!;

    private static string List(IReadOnlyList<FirmwareMeasurements> firmware) => firmware.Count == 0 ? None : string.Join("; or ", firmware);

    private static string List(ImmutableSortedDictionary<string, Digest> stages) => stages.IsEmpty ? None : string.Join(", ", stages.Select(stage => $"{stage.Key} {stage.Value}"));

    private static string Newest(EarlierSession? earlier) => earlier?.Checkpoint is { } checkpoint ? $"{checkpoint}, or a later one" : None;

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);
}
