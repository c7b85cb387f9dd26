using System.Collections.Immutable;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Policies;
using Orchestrator.Attestation.Snp;
using Orchestrator.Contracts.Stages;
using Orchestrator.Errors;

namespace Orchestrator.Sdk;

/// <summary>A container group that may prepare data for a job: to rehearse with, never a reason to release anything.</summary>
/// <param name="Name">How findings call it.</param>
/// <param name="Stage">The stage that it would work for.</param>
/// <param name="Evidence">Of one that runs, or of a guess.</param>
public sealed record PredictedGroup(string Name, string Stage, GroupEvidence Evidence)
{
    /// <summary>For a guess: the processor that reports on it, in place of those that a policy trusts, with its list of revoked certificates. Null: the group runs.</summary>
    public (SnpProduct Processor, ReadOnlyMemory<byte> Revocations)? Guess { get; init; }

    /// <summary>What a party's policy has against it, its session left aside. A guess is judged neither by its root nor by an endorsement: those are the host's to show.</summary>
    internal ImmutableArray<Denial> Assess(GroupPolicy policy, ManifestStage stage, TimeProvider time)
    {
        try
        {
            return Guess is { } guess
                ? GroupRelease.Assess(
                    policy.Rules with { Endorsers = null },
                    VerifiedGroup.Verify(Evidence, [guess.Processor], time.GetUtcNow(), policy.ConsultsRevocations ? guess.Revocations : (ReadOnlyMemory<byte>?)null),
                    stage.Policy,
                    stage.Measurements)
                : GroupRelease.Assess(policy.Rules, policy.Verify(Evidence, time), stage.Policy, stage.Measurements);
        }
        catch (OrchestratorException e) when (e.Code.Class is ErrorClass.Integrity or ErrorClass.Refused)
        {
            return [new Denial(e.Code.Id, "evidence", "one that the policy's roots vouch for", e.Message, policy.Rules.Party, e.Remedy)];
        }
    }
}
