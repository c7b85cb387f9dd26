using System.Security.Cryptography;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Snp;

/// <summary>A report that the key of a known chip has signed; only <see cref="Verify"/> makes one. Whether it is one to trust is for a policy to say.</summary>
public sealed class VerifiedSnpReport
{
    private VerifiedSnpReport(SnpReport report, SnpChain chain)
    {
        Report = report;
        Chain = chain;
    }

    /// <summary>What the chip says.</summary>
    public SnpReport Report { get; }

    /// <summary>Who says so.</summary>
    public SnpChain Chain { get; }

    /// <summary>The versions that the signing key stands for.</summary>
    public SnpTcb ReportedTcb => new(Report.ReportedTcb, Chain.Product);

    /// <summary>Verifies the signature over the bytes as received, and that certificate and report speak of the same chip, TCB and kind of key.</summary>
    /// <exception cref="OrchestratorException"><see cref="SnpErrors.SignatureInvalid"/> or <see cref="SnpErrors.Mismatch"/>.</exception>
    public static VerifiedSnpReport Verify(SnpReport report, SnpChain chain)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(chain);
        using ECDsa? key = chain.Chip.Certificate.EcKey();
        if (key?.KeySize != 384 || !key.VerifyData(report.SignedPart.Span, report.Signature, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
        {
            throw new OrchestratorException(SnpErrors.SignatureInvalid, $"The report is not signed by the key of {chain.Chip.Certificate.CommonName}.");
        }

        RequireSameKind(report, chain.Chip);
        RequireSameTcb(report, chain);
        RequireSameChip(report, chain);
        return new VerifiedSnpReport(report, chain);
    }

    private static void RequireSameKind(SnpReport report, SnpChipCertificate chip)
    {
        if (report.SigningKey != chip.Kind)
        {
            throw new OrchestratorException(SnpErrors.Mismatch, $"The report names a {report.SigningKey}, the certificate is of a {chip.Kind}.");
        }
    }

    private static void RequireSameTcb(SnpReport report, SnpChain chain)
    {
        var reported = new SnpTcb(report.ReportedTcb, chain.Product);
        foreach ((string component, byte version) in reported.Components)
        {
            if (!chain.Chip.Tcb.TryGetValue(component, out byte certified) || certified != version)
            {
                throw new OrchestratorException(SnpErrors.Mismatch, $"The report's TCB is {reported}; the certificate is for another {component}.");
            }
        }
    }

    // A VLEK is no chip's; a chip that hides its ID reports zeros.
    private static void RequireSameChip(SnpReport report, SnpChain chain)
    {
        if (chain.Chip.ChipId is { } certified && !report.MasksChipId && !report.ChipId[..chain.Product.ChipIdBytes].Span.SequenceEqual(certified.Span))
        {
            throw new OrchestratorException(SnpErrors.Mismatch, "The report's chip ID is another than the certificate's.");
        }
    }
}
