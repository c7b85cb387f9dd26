using Orchestrator.Errors;

namespace Orchestrator.Attestation.Snp;

/// <summary>Reasons for which a policy refuses a verified report.</summary>
public static class SnpPolicyErrors
{
    /// <summary>Not the software that is trusted.</summary>
    public static readonly ErrorCode MeasurementUnknown = new("snp-measurement", ErrorClass.Refused, "The group runs another utility VM than those that are trusted.", "Ask the operator to launch an endorsed image, or add the measurement once you know what it is.");

    /// <summary>Endorsed by somebody who is not trusted to.</summary>
    public static readonly ErrorCode EndorserUnknown = new("snp-endorser", ErrorClass.Refused, "The measurement is endorsed by a publisher who is not trusted.", "Get the endorsement from the publisher that the policy names, or name this one once you know who it is.");

    /// <summary>Nobody endorses it.</summary>
    public static readonly ErrorCode EndorsementMissing = new("snp-endorsement-missing", ErrorClass.Refused, "The policy asks for an endorsement of the measurement, and none was shown.", "Ask the operator for the publisher's endorsement of the image (`orchestrator shim run --endorsement`).");

    /// <summary>Endorsed, but outdated.</summary>
    public static readonly ErrorCode EndorsementSvn = new("snp-endorsement-svn", ErrorClass.Refused, "The endorsed image's security version is too low.", "Have the group launched from a newer image, with its endorsement.");

    /// <summary>Another execution policy.</summary>
    public static readonly ErrorCode PolicyDigest = new("snp-policy-digest", ErrorClass.Refused, "The group is bound to another execution policy.", "Have the group launched under the policy that the parties agreed on.");

    /// <summary>Not the nonce or key that was asked about.</summary>
    public static readonly ErrorCode ReportData = new("snp-report-data", ErrorClass.Refused, "The report is for another request: it may be replayed.", "Ask the group for a fresh report.");

    /// <summary>The host may look inside.</summary>
    public static readonly ErrorCode Debug = new("snp-debug", ErrorClass.Refused, "The guest's policy lets the host read its memory.", "Have the group launched without debugging.");

    /// <summary>It may be moved.</summary>
    public static readonly ErrorCode Migration = new("snp-migration", ErrorClass.Refused, "The guest's policy lets a migration agent move it.", "Have the group launched without a migration agent.");

    /// <summary>Asked for by less privileged software.</summary>
    public static readonly ErrorCode Vmpl = new("snp-vmpl", ErrorClass.Refused, "The report was asked for at another privilege level than the guest's own.", "Have the guest agent ask for the report at VMPL 0.");

    /// <summary>Too old a guest.</summary>
    public static readonly ErrorCode GuestSvn = new("snp-guest-svn", ErrorClass.Refused, "The guest's security version is too low.", "Have the group launched from a newer image.");

    /// <summary>Too old a firmware.</summary>
    public static readonly ErrorCode Tcb = new("snp-tcb", ErrorClass.Refused, "The processor's firmware is too old.", "Have the operator update the machine's firmware.");

    /// <summary>Nobody asked the vendor.</summary>
    public static readonly ErrorCode RevocationUnknown = new("snp-revocation-unknown", ErrorClass.Refused, "Nobody checked whether the vendor has revoked the chip's certificates.", "Give the product line's list of revoked certificates, or allow unknown revocation by name.");

    /// <summary>No processor at all.</summary>
    public static readonly ErrorCode Simulated = new("snp-simulated", ErrorClass.Refused, "The processor is simulated: it protects nothing from who runs it.", "Have the group launched on a real processor, or allow simulated ones by name, for trials.");

    /// <summary>No virtual machine.</summary>
    public static readonly ErrorCode Sandbox = new("snp-sandbox", ErrorClass.Refused, "The group runs in a sandbox on the host's kernel, which the host's administrator can look into.", "Have the group launched as a virtual machine, or allow sandboxes by name, for trials.");
}
