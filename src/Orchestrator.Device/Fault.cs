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

    /// <summary>The chain leads to another vendor's root.</summary>
    ForeignRoot,

    /// <summary>The vendor has revoked the device; for good, as revocation is.</summary>
    Revoked,

    /// <summary>The DCK certificate has expired.</summary>
    ExpiredChain,

    /// <summary>Quotes hold the nonces of an earlier session.</summary>
    ReplayedNonce,
}
