using Orchestrator.Errors;

namespace Orchestrator.Attestation.Policies;

/// <summary>Reasons why a party releases no keys to a device whose evidence is genuine.</summary>
public static class ReleaseErrors
{
    /// <summary>The device is a simulation.</summary>
    public static readonly ErrorCode Simulated = Refusal("release-device-simulated",
        "The device is simulated: its root of trust is software and protects nothing from its operator.",
        "Use a hardware device, or allow simulated devices by name in the policy.");

    /// <summary>The device would read what other groups made, or something else than they made.</summary>
    public static readonly ErrorCode Preparations = Refusal("release-preparations",
        "The device would read the output of other groups than those that this party accepted.", "Let the host run the stages again and load the device with their own statements.");

    /// <summary>Debugging is enabled.</summary>
    public static readonly ErrorCode Debug = Refusal("release-device-debug",
        "Debugging is enabled on the device, so its operator can read its memory.", "Use a device without debugging.");

    /// <summary>The device is not in trusted mode.</summary>
    public static readonly ErrorCode Mode = Refusal("release-mode-untrusted",
        "The device has not locked its host out.", "The host must put the device into trusted mode.");

    /// <summary>The tiles run unconfined.</summary>
    public static readonly ErrorCode Unconfined = Refusal("release-tiles-unconfined",
        "The device's tiles run without confinement.", "Use a device that confines its tiles, or allow unconfined ones by name in the policy.");

    /// <summary>The firmware is none that is accepted.</summary>
    public static readonly ErrorCode Firmware = Refusal("release-firmware-unknown",
        "The device runs firmware that is not accepted.", "Use a device with accepted firmware, or agree on a manifest that accepts this one.");

    /// <summary>The firmware is older than accepted.</summary>
    public static readonly ErrorCode SecurityVersion = Refusal("release-security-version-low",
        "The device's firmware has a lower security version than accepted.", "The device's operator must update its firmware.");

    /// <summary>The device would run another job.</summary>
    public static readonly ErrorCode Manifest = Refusal("release-manifest-mismatch",
        "The device would run another manifest than the approved one.", "The host must load the approved manifest.");

    /// <summary>The quote was not made for this release.</summary>
    public static readonly ErrorCode Nonce = Refusal("release-nonce-mismatch",
        "The quote does not hold the nonce that this party gave for it: it is old, or made for another.", "The host must ask the device for a fresh quote.");

    /// <summary>The session would start from another state than agreed.</summary>
    public static readonly ErrorCode Checkpoint = Refusal("release-checkpoint-unexpected",
        "The session would go back behind the newest checkpoint that this party has seen, or start from one that cannot be.", "The host must offer the newest checkpoint.");

    /// <summary>The job may still run elsewhere.</summary>
    public static readonly ErrorCode Forked = Refusal("release-session-forked",
        "Nothing shows that the session which got the keys before is over: the job might run twice.",
        "Let the job go on on the device that had it, or allow moved jobs by name in the policy.");

    /// <summary>The device counts its boots anew.</summary>
    public static readonly ErrorCode DeviceRolledBack = Refusal("release-device-rolled-back",
        "The device shows no later boot than one that this party has released keys to before: its state was put back, or a copy of it runs elsewhere.",
        "Use a device whose state was neither put back nor copied.");

    /// <summary>Nobody has checked whether the device is revoked.</summary>
    public static readonly ErrorCode RevocationUnknown = Refusal("release-revocation-unknown",
        "No collateral of the device's vendor is at hand, so nobody knows whether it is revoked.", "Give the verifier the vendor's current collateral, or allow its absence by name in the policy.");

    private static ErrorCode Refusal(string id, string meaning, string remedy) => new(id, ErrorClass.Refused, meaning, remedy);
}
