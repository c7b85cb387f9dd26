using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>Ways in which a party does not get through to a host that it can recognise.</summary>
public static class ConnectionErrors
{
    /// <summary>Not an address.</summary>
    public static readonly ErrorCode AddressInvalid = new("host-address-invalid", ErrorClass.Usage, "The host's address is not an https URL.", "Write it like https://host.example:7443.");

    /// <summary>Not a fingerprint.</summary>
    public static readonly ErrorCode FingerprintInvalid = new("host-fingerprint-invalid", ErrorClass.Usage, "The fingerprint is not a SHA-256 in hexadecimal.", "Copy the 64 digits that the host's operator gave; `host run` prints them.");

    /// <summary>Another certificate than the one known.</summary>
    public static readonly ErrorCode CertificateChanged = new("host-certificate-changed", ErrorClass.Integrity, "The host shows another certificate than the one that this party knows it by.", "Ask the host's operator for the new fingerprint by a way you trust, and give it with --fingerprint; until then somebody may stand between you and the host.");

    /// <summary>Nobody answers, or not as a host does.</summary>
    public static readonly ErrorCode HostAway = new("host-away", ErrorClass.Unavailable, "The host cannot be reached.", "Check the address, and that the host runs; repeat then, finished parts of transfers are kept.");

    /// <summary>The host sends more than expected.</summary>
    public static readonly ErrorCode DownloadTooLarge = new("host-download-too-large", ErrorClass.Refused, "The host sends more than it announced, or than this party takes.", "If the output may be that large, give a larger --maximum-output; otherwise ask the host's operator what it sends.");

    /// <summary>The host has less than was sent.</summary>
    public static readonly ErrorCode TransferIncomplete = new("host-transfer-incomplete", ErrorClass.Unavailable, "The host has not got the whole file.", "Push again; the transfer goes on where it stopped.");
}
