using Orchestrator.Errors;

namespace Orchestrator.Attestation.Snp;

/// <summary>Ways in which SEV-SNP evidence fails.</summary>
public static class SnpErrors
{
    private const string AskOperator = "Release nothing to this group; ask its operator for evidence of the machine that runs it.";

    /// <summary>Not a report.</summary>
    public static readonly ErrorCode ReportMalformed = new("snp-report-malformed", ErrorClass.Input, "The attestation report is not one of AMD's layout that is known here.", AskOperator);

    /// <summary>No certificates for a report.</summary>
    public static readonly ErrorCode CertificatesMissing = new("snp-certificates-missing", ErrorClass.Usage, "No certificate of the chip's key was given, or the file named holds none.", "Name the chip's certificates: the platform's JSON, a PEM chain, or the VCEK and its chain as two files.");

    /// <summary>The signature is not by the chip's key.</summary>
    public static readonly ErrorCode SignatureInvalid = new("snp-signature-invalid", ErrorClass.Integrity, "The report's signature is not by the chip's key.", AskOperator);

    /// <summary>The certificates do not lead from the chip to a trusted root.</summary>
    public static readonly ErrorCode ChainInvalid = new("snp-chain-invalid", ErrorClass.Integrity, "The chip's certificates do not lead to a trusted root of its product line.", "Fetch the chip's certificates again for this report's TCB; a report of a simulated processor needs its root named.");

    /// <summary>A certificate is outside its validity.</summary>
    public static readonly ErrorCode Expired = new("snp-certificate-expired", ErrorClass.Refused, "A certificate of the chip's is expired or not yet valid.", "Check this machine's clock; if it is right, fetch the certificates again.");

    /// <summary>A certificate was revoked.</summary>
    public static readonly ErrorCode Revoked = new("snp-certificate-revoked", ErrorClass.Refused, "The vendor has revoked a certificate of the chip's.", AskOperator);

    /// <summary>The list of revoked certificates is not the root's.</summary>
    public static readonly ErrorCode RevocationListInvalid = new("snp-crl-invalid", ErrorClass.Integrity, "The list of revoked certificates is malformed, outdated, or not signed by the root.", "Fetch the product line's list again.");

    /// <summary>Certificate and report speak of different chips or TCBs.</summary>
    public static readonly ErrorCode Mismatch = new("snp-chip-mismatch", ErrorClass.Integrity, "The chip's certificate is for another chip or TCB than the report.", "Fetch the chip's certificate for the report's chip ID and reported TCB.");

    /// <summary>The endorsement of the launch measurement is not one.</summary>
    public static readonly ErrorCode EndorsementInvalid = new("snp-endorsement-invalid", ErrorClass.Integrity, "The endorsement of the launch measurement is malformed, or its signature or issuer is not what it says.", "Get the endorsement of the utility VM's image from its publisher again.");
}
