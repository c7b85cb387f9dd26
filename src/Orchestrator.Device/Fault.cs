using System.Text.Json;

namespace Orchestrator.Device;

/// <summary>A way in which the simulated device is wrong on purpose, so that verifiers can be seen to catch it.</summary>
public enum Fault
{
    /// <summary>None.</summary>
    None,

    /// <summary>Debugging is enabled.</summary>
    Debug,

    /// <summary>The firmware's security version is 0.</summary>
    StaleFirmware,

    /// <summary>The ICU's firmware image is not the one of this build.</summary>
    WrongFirmware,

    /// <summary>The bootloader of the tiles is not the one of this build.</summary>
    WrongBootloader,

    /// <summary>The quote names this build's ICU firmware although another one runs.</summary>
    ForgedMeasurement,

    /// <summary>The quote says that the device is no simulation.</summary>
    ForgedHardware,

    /// <summary>The chain leads to another vendor's root.</summary>
    ForeignRoot,

    /// <summary>The vendor has revoked the device; for good, as revocation is.</summary>
    Revoked,

    /// <summary>The DCK certificate has expired.</summary>
    ExpiredChain,

    /// <summary>The vendor's collateral is past its time.</summary>
    StaleCollateral,

    /// <summary>Quotes hold the nonces of an earlier session.</summary>
    ReplayedNonce,

    /// <summary>The host is not locked out, and the quote says so.</summary>
    OrdinaryMode,

    /// <summary>The tiles run without confinement, and the quote says so.</summary>
    NoConfinement,
}

/// <summary>What people are told of a fault.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="Deed">What is wrong with the device.</param>
/// <param name="CaughtBy">The code with which an unmodified party refuses the device.</param>
public sealed record FaultDescription(Fault Fault, string Deed, string CaughtBy)
{
    /// <summary>Every fault, in the order of the enumeration.</summary>
    public static IReadOnlyList<FaultDescription> All { get; } =
    [
        new(Fault.Debug, "debugging is enabled", "release-device-debug"),
        new(Fault.StaleFirmware, "the firmware has security version 0", "release-security-version-low"),
        new(Fault.WrongFirmware, "the ICU image has one more byte", "release-firmware-unknown"),
        new(Fault.WrongBootloader, "the tiles' bootloader is another one", "release-firmware-unknown"),
        new(Fault.ForgedMeasurement, "the quote names the right ICU image, another one runs", "attestation-claims-disagree"),
        new(Fault.ForgedHardware, "the quote denies that the device is simulated", "attestation-claims-disagree"),
        new(Fault.ForeignRoot, "another vendor's device", "attestation-root-unknown"),
        new(Fault.Revoked, "revoked by its vendor, for good", "attestation-revoked"),
        new(Fault.ExpiredChain, "the DCK certificate ended yesterday", "attestation-certificate-expired"),
        new(Fault.StaleCollateral, "the vendor's collateral ended yesterday", "attestation-collateral-stale"),
        new(Fault.ReplayedNonce, "quotes hold the nonces of an earlier session", "release-nonce-mismatch"),
        new(Fault.OrdinaryMode, "the host is not locked out", "release-mode-untrusted"),
        new(Fault.NoConfinement, "the tiles run without confinement", "release-tiles-unconfined"),
    ];

    /// <summary>As <c>--fault</c> takes it.</summary>
    public string Name => JsonNamingPolicy.KebabCaseLower.ConvertName(Fault.ToString());
}
