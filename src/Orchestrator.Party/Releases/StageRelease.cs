using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Policies;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Protocol;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;
using Denial = Orchestrator.Attestation.Policies.Denial;

namespace Orchestrator.Sdk;

/// <summary>A party's part in the prepare stages of jobs: judges groups, releases the keys of its files, and knows later which group it accepted (docs/spec/prepare-stage.md).</summary>
internal sealed class StageRelease(Party party, PartyPolicy policy)
{
    /// <summary>Judges a group, and seals the keys of this party's files to it if nothing speaks against it.</summary>
    /// <param name="manifest">Approved.</param>
    /// <param name="stage">One of its stages.</param>
    /// <param name="evidence">Untrusted.</param>
    /// <param name="nonce">That this party gave for this evidence; null: none, and no evidence will do.</param>
    /// <returns>The package; or every reason against the group.</returns>
    /// <exception cref="OrchestratorException">The evidence does not verify, or a key is not here.</exception>
    public (byte[]? Package, VerifiedGroup? Group, ImmutableArray<Denial> Denials) Answer(Manifest manifest, ManifestStage stage, ReadOnlyMemory<byte> evidence, byte[]? nonce)
    {
        if (policy.Groups is not { } groups)
        {
            return (null, null, [GroupRelease.NotTrustedBy(party.Name)]);
        }

        VerifiedGroup group = groups.Verify(GroupEvidence.Parse(evidence), party.Time);
        var expectations = new GroupExpectations(manifest.Digest, stage.Policy, stage.Measurements, nonce ?? RandomNumberGenerator.GetBytes(GroupEvidence.NonceSize));
        (GroupPermit? permit, ImmutableArray<Denial> denials) = GroupRelease.Validate(groups.Rules, group, expectations);
        return permit is null ? (null, group, denials) : (Release(permit, manifest, stage), group, denials);
    }

    /// <summary>The statements that a device's quote must name: each by the group that this party accepted last.</summary>
    /// <exception cref="OrchestratorException">A statement is missing, does not verify, or is by another group.</exception>
    public ImmutableSortedDictionary<string, Digest> Accepted(Manifest manifest, IEnumerable<Contracts.Protocol.Preparation> offered)
    {
        var job = PreparedJob.Of(manifest, offered.Take(manifest.Content.Stages.Length + 1)
            .Select(made => Contracts.Stages.Preparation.Verify(made.Evidence.Memory, made.Statement.Memory, manifest)));
        foreach (Contracts.Stages.Preparation made in job.Preparations)
        {
            if (party.Keys.FindGroup(manifest.Digest, made.Stage.Name) != made.Evidence.Digest)
            {
                throw new OrchestratorException(StageErrors.GroupNotAccepted, $"The statement of stage {made.Stage.Name} is by the group {made.Evidence.Digest}, which {party.Name} has not accepted last.");
            }
        }

        return job.Digests;
    }

    private byte[] Release(GroupPermit permit, Manifest manifest, ManifestStage stage)
    {
        var keys = new Dictionary<string, StreamKey>();
        try
        {
            foreach (StageInput input in stage.Inputs.Where(input => input.Owner == party.Name))
            {
                keys.Add(input.Name, party.Keys.StreamKeyOf(input.Digest));
            }

            byte[] package = StagePackage.Seal(permit, manifest, stage, party.Keys.SigningKey, keys);
            party.Keys.AddGroup(manifest.Digest, stage.Name, permit.Group.Digest);
            return package;
        }
        finally
        {
            foreach (StreamKey key in keys.Values)
            {
                key.Dispose();
            }
        }
    }
}
