using System.Collections.Immutable;
using Orchestrator.Attestation.Policies;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Snp;

/// <summary>Which verified reports a party trusts. As constructed it refuses debugging, migration, lesser privilege levels, simulated processors, sandboxes, and chips that nobody checked for revocation.</summary>
public sealed record SnpPolicy
{
    /// <summary>The party whose policy it is.</summary>
    public required string Party { get; init; }

    /// <summary>Launch measurements to accept; null: an endorsement alone decides, an empty list accepts none.</summary>
    public ImmutableArray<Measurement>? Measurements { get; init; }

    /// <summary>Publishers, one of whom has to endorse the measurement; null: none has to, and anybody's counts.</summary>
    public ImmutableArray<SnpEndorser>? Endorsers { get; init; }

    /// <summary>Accept any measurement: for who asks only whether a report is genuine.</summary>
    public bool AllowUnknownMeasurement { get; init; }

    /// <summary>SHA-256 of the execution policy that the group has to be bound to; null: any.</summary>
    public ReadOnlyMemory<byte>? PolicyDigest { get; init; }

    /// <summary>64 bytes that the guest has to have put into the report; null: any.</summary>
    public ReadOnlyMemory<byte>? ReportData { get; init; }

    /// <summary>Least version by component; a component that is not named may have any.</summary>
    public ImmutableDictionary<string, byte> MinimumTcb { get; init; } = ImmutableDictionary<string, byte>.Empty;

    /// <summary>Least security version of the guest.</summary>
    public uint MinimumGuestSvn { get; init; }

    /// <summary>Least privileged level that may have asked for the report, 0 to 3; 0 accepts the guest's most privileged software alone.</summary>
    public uint MaximumVmpl { get; init; }

    /// <summary>Accept guests whose memory the host may read.</summary>
    public bool AllowDebug { get; init; }

    /// <summary>Accept guests that a migration agent may move.</summary>
    public bool AllowMigration { get; init; }

    /// <summary>Accept chips without consulting the vendor's list of revoked certificates.</summary>
    public bool AllowUnknownRevocation { get; init; }

    /// <summary>Accept simulated processors, whose root the party has named.</summary>
    public bool AllowSimulated { get; init; }

    /// <summary>Accept groups that run in namespaces of the host's kernel: nothing isolates them from the host's administrator.</summary>
    public bool AllowSandbox { get; init; }

    /// <summary>Everything that the policy has against a report; empty: it is to be trusted.</summary>
    /// <param name="verified">The report.</param>
    /// <param name="endorsement">Of its measurement; null: there is none.</param>
    public ImmutableArray<Denial> Assess(VerifiedSnpReport verified, VerifiedEndorsement? endorsement = null)
    {
        ArgumentNullException.ThrowIfNull(verified);
        return [.. MeasurementDenials(verified.Report, endorsement), .. BindingDenials(verified.Report), .. GuestDenials(verified.Report), .. PlatformDenials(verified)];
    }

    private IEnumerable<Denial> MeasurementDenials(SnpReport report, VerifiedEndorsement? endorsement)
    {
        if (Measurements is { } accepted && !accepted.Contains(report.Measurement))
        {
            yield return Deny(SnpPolicyErrors.MeasurementUnknown, "measurement", accepted.IsEmpty ? "none" : string.Join(" or ", accepted), report.Measurement.ToString());
        }

        if (endorsement is not null && endorsement.Measurement != report.Measurement)
        {
            yield return Deny(SnpPolicyErrors.MeasurementUnknown, "measurement", $"{endorsement.Measurement}, which {endorsement.Issuer} endorses", report.Measurement.ToString());
        }

        if (Endorsers is { } publishers && EndorserDenial(publishers, endorsement) is { } denial)
        {
            yield return denial;
        }

        if (Measurements is null && Endorsers is null && endorsement is null && !AllowUnknownMeasurement)
        {
            yield return Deny(SnpPolicyErrors.MeasurementUnknown, "measurement", "one that the policy lists or its publisher endorses", report.Measurement.ToString());
        }
    }

    private Denial? EndorserDenial(ImmutableArray<SnpEndorser> publishers, VerifiedEndorsement? endorsement)
    {
        string expected = publishers.IsEmpty ? "none that is trusted" : string.Join(" or ", publishers);
        if (endorsement is null)
        {
            return Deny(SnpPolicyErrors.EndorsementMissing, "endorsement", expected, "none");
        }

        SnpEndorser[] makers = [.. publishers.Where(publisher => publisher.Made(endorsement))];
        if (makers.Length == 0)
        {
            return Deny(SnpPolicyErrors.EndorserUnknown, "endorsement.issuer", expected, new SnpEndorser(endorsement.Issuer, endorsement.Feed).ToString());
        }

        uint least = makers.Min(publisher => publisher.MinimumSvn);
        return endorsement.GuestSvn < least ? Deny(SnpPolicyErrors.EndorsementSvn, "endorsement.guest_svn", $"at least {least}", $"{endorsement.GuestSvn}") : null;
    }

    private IEnumerable<Denial> BindingDenials(SnpReport report)
    {
        if (PolicyDigest is { } digest && !report.HostData.Span.SequenceEqual(digest.Span))
        {
            yield return Deny(SnpPolicyErrors.PolicyDigest, "host_data", Hex(digest), Hex(report.HostData));
        }

        if (ReportData is { } data && !report.ReportData.Span.SequenceEqual(data.Span))
        {
            yield return Deny(SnpPolicyErrors.ReportData, "report_data", Hex(data), Hex(report.ReportData));
        }
    }

    private IEnumerable<Denial> GuestDenials(SnpReport report)
    {
        if (report.Policy.AllowsDebug && !AllowDebug)
        {
            yield return Deny(SnpPolicyErrors.Debug, "guest_policy.debug", "not allowed", "allowed");
        }

        if (report.Policy.AllowsMigration && !AllowMigration)
        {
            yield return Deny(SnpPolicyErrors.Migration, "guest_policy.migration", "not allowed", "allowed");
        }

        if (report.Vmpl > MaximumVmpl)
        {
            yield return Deny(SnpPolicyErrors.Vmpl, "vmpl", MaximumVmpl == 0 ? "0" : $"at most {MaximumVmpl}", $"{report.Vmpl}");
        }

        if (report.GuestSvn < MinimumGuestSvn)
        {
            yield return Deny(SnpPolicyErrors.GuestSvn, "guest_svn", $"at least {MinimumGuestSvn}", $"{report.GuestSvn}");
        }
    }

    private IEnumerable<Denial> PlatformDenials(VerifiedSnpReport verified)
    {
        if (verified.Chain.Product.IsSimulated && !AllowSimulated)
        {
            yield return Deny(SnpPolicyErrors.Simulated, "product", "a processor", $"{verified.Chain.Product}, which is software");
        }

        if (verified.Report.IsSandbox && !AllowSandbox)
        {
            yield return Deny(SnpPolicyErrors.Sandbox, "family_id", "a virtual machine", "a sandbox on the host's kernel");
        }

        foreach ((string component, byte least) in MinimumTcb.OrderBy(part => part.Key, StringComparer.Ordinal))
        {
            if (!verified.ReportedTcb.Components.TryGetValue(component, out byte version) || version < least)
            {
                yield return Deny(SnpPolicyErrors.Tcb, $"reported_tcb.{component}", $"at least {least}", $"{version}");
            }
        }

        if (!verified.Chain.RevocationChecked && !AllowUnknownRevocation)
        {
            yield return Deny(SnpPolicyErrors.RevocationUnknown, "revocation", "the vendor's list consulted", "no list");
        }
    }

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    private Denial Deny(ErrorCode code, string claim, string expected, string observed) => new(code.Id, claim, expected, observed, Party, code.Remedy);
}
