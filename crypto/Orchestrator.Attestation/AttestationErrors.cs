using Orchestrator.Errors;

namespace Orchestrator.Attestation;

/// <summary>Ways in which evidence fails to prove anything, whatever a party's policy says.</summary>
public static class AttestationErrors
{
    private const string AskOperator = "Release nothing to this device; ask its operator what it is.";

    /// <summary>Not evidence at all, or beyond the format's limits.</summary>
    public static readonly ErrorCode EvidenceMalformed = new("attestation-evidence-malformed", ErrorClass.Input,
        "The device's evidence cannot be understood.", AskOperator);

    /// <summary>The verifier was given nobody to trust.</summary>
    public static readonly ErrorCode NoAnchors = new("attestation-no-anchors", ErrorClass.Usage,
        "No vendor root is trusted, so no device can be.", "Add the vendor's root certificate as a trust anchor.");

    /// <summary>A trust anchor is not a root certificate of the profile.</summary>
    public static readonly ErrorCode AnchorInvalid = new("attestation-anchor-invalid", ErrorClass.Input,
        "A trust anchor is not a valid vendor root certificate.", "Get the root certificate from the vendor again.");

    /// <summary>The chain ends at a root that is none of the anchors.</summary>
    public static readonly ErrorCode RootUnknown = new("attestation-root-unknown", ErrorClass.Refused,
        "The device's certificates lead to no trusted vendor root.",
        "Use a device of a trusted vendor, or add its vendor's root certificate as a trust anchor.");

    /// <summary>A certificate departs from the profile of its place in the chain.</summary>
    public static readonly ErrorCode CertificateInvalid = new("attestation-certificate-invalid", ErrorClass.Integrity,
        "A certificate of the device is malformed or not of the kind its place in the chain requires.", AskOperator);

    /// <summary>A certificate was not issued by the one above it.</summary>
    public static readonly ErrorCode ChainBroken = new("attestation-chain-broken", ErrorClass.Integrity,
        "A certificate of the device was not issued by the one above it.", AskOperator);

    /// <summary>A certificate is expired or not valid yet.</summary>
    public static readonly ErrorCode CertificateExpired = new("attestation-certificate-expired", ErrorClass.Refused,
        "A certificate of the device is expired or not yet valid.",
        "Check this machine's clock; if it is right, the device needs new certificates from its vendor.");

    /// <summary>The vendor has withdrawn the device, or a key of its chain.</summary>
    public static readonly ErrorCode Revoked = new("attestation-revoked", ErrorClass.Refused,
        "The vendor has revoked the device.", "Use another device.");

    /// <summary>Collateral is not the vendor's.</summary>
    public static readonly ErrorCode CollateralInvalid = new("attestation-collateral-invalid", ErrorClass.Integrity,
        "The collateral is malformed, or not signed by a trusted vendor root or a key that it certified for this.", "Get the collateral from the vendor again.");

    /// <summary>Collateral that its issuer has superseded.</summary>
    public static readonly ErrorCode CollateralStale = new("attestation-collateral-stale", ErrorClass.Refused,
        "The collateral is past its time, or from the future.", "Get the vendor's current collateral, and check this machine's clock.");

    /// <summary>Collateral that the vendor has replaced, as this party knows.</summary>
    public static readonly ErrorCode CollateralRolledBack = new("attestation-collateral-rolled-back", ErrorClass.Refused,
        "The collateral is older than other that this party has used: what was revoked since is missing.", "Get the vendor's current collateral; ask who put the old one there.");

    /// <summary>The quote was not signed by the device's alias key.</summary>
    public static readonly ErrorCode SignatureInvalid = new("attestation-signature-invalid", ErrorClass.Integrity,
        "The quote is not signed by the device's attestation key.", AskOperator);

    /// <summary>The quote claims something else than the device's certificates.</summary>
    public static readonly ErrorCode ClaimsDisagree = new("attestation-claims-disagree", ErrorClass.Integrity,
        "The quote contradicts the device's certificates.", AskOperator);
}
