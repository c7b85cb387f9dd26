using Orchestrator.Attestation.Snp;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Groups;

/// <summary>A container group that a processor under a trusted root has reported on; only <see cref="Verify"/> makes one. Whether it is one to trust is for a policy to say.</summary>
public sealed class VerifiedGroup
{
    private VerifiedGroup(GroupEvidence evidence, VerifiedSnpReport report, VerifiedEndorsement? endorsement)
    {
        Evidence = evidence;
        Report = report;
        Endorsement = endorsement;
    }

    /// <summary>What was shown.</summary>
    public GroupEvidence Evidence { get; }

    /// <summary>SHA-256 of it.</summary>
    public Digest Digest => Evidence.Digest;

    /// <summary>What the processor says.</summary>
    public VerifiedSnpReport Report { get; }

    /// <summary>What the group says of itself, which the report binds.</summary>
    public GroupBinding Binding => Evidence.Binding;

    /// <summary>Of its measurement; null: none was shown.</summary>
    public VerifiedEndorsement? Endorsement { get; }

    /// <summary>Verifies evidence: the chip's chain, the report's signature, and that the report is about the binding beside it.</summary>
    /// <param name="evidence">Untrusted.</param>
    /// <param name="products">The trusted product lines.</param>
    /// <param name="time">At which certificates must be valid.</param>
    /// <param name="revocations">The root's list in DER, or null.</param>
    /// <exception cref="OrchestratorException">A code of <see cref="SnpErrors"/>, <see cref="AttestationErrors"/> or <see cref="GroupErrors"/>.</exception>
    public static VerifiedGroup Verify(GroupEvidence evidence, IEnumerable<SnpProduct> products, DateTimeOffset time, ReadOnlyMemory<byte>? revocations = null)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        var report = VerifiedSnpReport.Verify(evidence.Report, SnpChain.Verify(evidence.Certificates, products, time, revocations));
        evidence.RequireBound();
        return new VerifiedGroup(evidence, report, evidence.Endorsement is { } statement ? VerifiedEndorsement.Verify(statement, time) : null);
    }
}
