using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Snp;
using Orchestrator.Crypto;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Groups;

/// <summary>What a group's evidence must say to be about this job, this stage, this party and this moment; from the manifest that the party approved.</summary>
/// <param name="Manifest">SHA-256 of the approved manifest.</param>
/// <param name="Policy">SHA-256 of the stage's execution policy.</param>
/// <param name="Measurements">Launch measurements that the stage accepts; none accepts nothing.</param>
/// <param name="Nonce">That this party gave for this evidence, 32 bytes, used once.</param>
public sealed record GroupExpectations(Digest Manifest, Digest Policy, ImmutableArray<Measurement> Measurements, ReadOnlyMemory<byte> Nonce);

/// <summary>Proof that a party's policy accepted a verified group; sealing keys to it asks for it. Only <see cref="GroupRelease.Validate"/> makes one.</summary>
public sealed class GroupPermit
{
    internal GroupPermit(VerifiedGroup group, string party)
    {
        Group = group;
        Party = party;
    }

    /// <summary>The group that was accepted.</summary>
    public VerifiedGroup Group { get; }

    /// <summary>The party whose policy accepted it.</summary>
    public string Party { get; }
}

/// <summary>Decides whether a party's keys may go to a group.</summary>
public static class GroupRelease
{
    /// <summary>Holds a verified group against a party's policy and the manifest.</summary>
    /// <param name="policy">The party's. The manifest's measurements decide beside it.</param>
    /// <param name="group">Verified under the roots of that policy.</param>
    /// <param name="expectations">From the manifest.</param>
    /// <returns>A permit, or every reason against one.</returns>
    public static (GroupPermit? Permit, ImmutableArray<Denial> Denials) Validate(SnpPolicy policy, VerifiedGroup group, GroupExpectations expectations)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(expectations);
        ImmutableArray<Denial> denials = [.. SessionDenials(policy.Party, group, expectations), .. Assess(policy, group, expectations.Policy, expectations.Measurements)];
        return denials.IsEmpty ? (new GroupPermit(group, policy.Party), denials) : (null, denials);
    }

    /// <summary>What a party's policy has against a group, leaving the session aside: for receipts. Permits nothing.</summary>
    /// <param name="policy">The party's.</param>
    /// <param name="group">Verified under the roots of that policy.</param>
    /// <param name="execution">SHA-256 of the stage's execution policy.</param>
    /// <param name="measurements">Launch measurements that the stage accepts; none accepts nothing.</param>
    public static ImmutableArray<Denial> Assess(SnpPolicy policy, VerifiedGroup group, Digest execution, ImmutableArray<Measurement> measurements)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(group);
        SnpPolicy own = policy with { PolicyDigest = execution.ToArray(), AllowUnknownMeasurement = true };
        return [.. StageDenials(policy.Party, group, execution, measurements), .. own.Assess(group.Report, group.Endorsement)];
    }

    /// <summary>What a policy without a section for groups has against all of them.</summary>
    public static Denial NotTrustedBy(string party) => Deny(GroupErrors.NotTrusted, "snp", "a section snp in the policy", "none", party);

    private static IEnumerable<Denial> StageDenials(string party, VerifiedGroup group, Digest execution, ImmutableArray<Measurement> measurements)
    {
        Measurement measured = group.Report.Report.Measurement;
        if (!measurements.Contains(measured))
        {
            yield return Deny(SnpPolicyErrors.MeasurementUnknown, "measurement", string.Join(" or ", measurements), measured.ToString(), ReleasePolicy.Manifest);
        }

        if (group.Binding.Policy != execution)
        {
            yield return Deny(SnpPolicyErrors.PolicyDigest, "binding.policy", execution.ToString(), group.Binding.Policy.ToString(), party);
        }
    }

    private static IEnumerable<Denial> SessionDenials(string party, VerifiedGroup group, GroupExpectations expectations)
    {
        if (group.Binding.Manifest != expectations.Manifest)
        {
            yield return Deny(GroupErrors.Manifest, "manifest", expectations.Manifest.ToString(), group.Binding.Manifest?.ToString() ?? "none", party);
        }

        if (!group.Evidence.Nonces.TryGetValue(party, out ReadOnlyMemory<byte> nonce) || !CryptographicOperations.FixedTimeEquals(nonce.Span, expectations.Nonce.Span))
        {
            yield return Deny(GroupErrors.Nonce, $"nonces.{party}", Convert.ToHexStringLower(expectations.Nonce.Span), nonce.IsEmpty ? "absent" : Convert.ToHexStringLower(nonce.Span), party);
        }
    }

    private static Denial Deny(ErrorCode code, string claim, string expected, string observed, string policyOf) => new(code.Id, claim, expected, observed, policyOf, code.Remedy);
}
