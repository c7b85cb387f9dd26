using System.Collections.Immutable;
using Orchestrator.Attestation.Groups;
using Orchestrator.Attestation.Snp;
using Orchestrator.Containers.Enforcement;
using Orchestrator.Containers.Groups;
using Orchestrator.Containers.Policies;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;
using Orchestrator.Guest.Decisions;
using Orchestrator.Psp;

namespace Orchestrator.Guest.Serving;

/// <summary>What the group is: its policy, set once and only the one that it was launched under, its keys, and the evidence of both.</summary>
internal sealed class GroupIdentity(Gate gate, GroupKeys keys, PspLine psp, FinishedWork work)
{
    private const int MaxPolicy = 8 << 20;

    /// <summary>SHA-256 of the policy; zero before there is one.</summary>
    public Digest Policy { get; private set; }

    /// <summary>Takes the policy, if the report's HOST_DATA is its digest.</summary>
    public async Task<CborValue> SetPolicyAsync(CborField body, CancellationToken cancel)
    {
        ReadOnlyMemory<byte> text = body.ReadMap(map => map.Required("policy").AsBytes(MaxPolicy));
        Digest digest = Digest.Of(text.Span);
        await gate.OpenAsync(async () =>
        {
            (SnpReport report, _) = await psp.AskAsync(Bind([], null).ReportData, cancel).ConfigureAwait(false);
            var launched = new Digest(report.HostData.Span);
            if (launched != digest)
            {
                throw new OrchestratorException(GuestErrors.PolicyDigest, $"The policy's digest is {digest}; the group was launched under {launched}.");
            }

            ExecutionPolicy policy = PolicyReader.Read(text.Span);
            work.Expect(policy);
            return (policy, GuestEnvironment.Default, digest.ToString());
        }).ConfigureAwait(false);
        Policy = digest;
        return CborMap.Of(("digest", digest));
    }

    /// <summary>A report, its chain, and what it binds.</summary>
    public async Task<CborValue> EvidenceAsync(CborField body, CancellationToken cancel)
    {
        GroupBinding binding = body.ReadMap(map => Bind(GroupBinding.ReadNonces(map.Required("nonces")), map.Optional("manifest")?.AsDigest()));
        (SnpReport report, string chain) = await psp.AskAsync(binding.ReportData, cancel).ConfigureAwait(false);
        return CborMap.Of(("report", report.Bytes), ("chain", chain), ("binding", binding.ToCbor()));
    }

    private GroupBinding Bind(ImmutableArray<ReadOnlyMemory<byte>> nonces, Digest? manifest) => new()
    {
        Policy = Policy,
        SigningKey = keys.Signing.VerificationKey,
        SessionKey = keys.Session.PublicKey,
        Manifest = manifest,
        Nonces = nonces,
    };
}
