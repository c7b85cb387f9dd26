using System.Text;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Approvals;

/// <summary>A party's signature under a manifest (docs/spec/manifest.md). Only <see cref="Verify"/> and <see cref="Sign"/> make one.</summary>
public sealed class VerifiedApproval
{
    internal VerifiedApproval(string party, ReadOnlyMemory<byte> bytes)
    {
        Party = party;
        Bytes = bytes;
    }

    /// <summary>Who approves.</summary>
    public string Party { get; }

    /// <summary>The signed message.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }
}

/// <summary>Makes and verifies approvals.</summary>
public static class Approval
{
    /// <summary>Content type of the signed message.</summary>
    public const string ContentType = "application/orchestrator-approval+cbor";

    /// <summary>The longest signed message, in bytes.</summary>
    public const int MaxBytes = 4096;

    private const string Type = "orchestrator/approval/v1";

    /// <summary>Approves <paramref name="manifest"/> in the name of <paramref name="party"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="ContractErrors.ApprovalStranger"/>: the manifest does not name the
    /// party; <see cref="ContractErrors.ApprovalInvalid"/>: it names it with another key.</exception>
    public static VerifiedApproval Sign(Manifest manifest, string party, PartySigningKey key)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(key);
        byte[] payload = CborMap.Of(("type", Type), ("manifest", manifest.Digest), ("party", party)).Encode();
        return Verify(CoseSign1.Sign(key, ContentType, Encoding.UTF8.GetBytes(party), payload), manifest);
    }

    /// <summary>Verifies untrusted bytes against the keys in <paramref name="manifest"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="ContractErrors.ApprovalInvalid"/>,
    /// <see cref="ContractErrors.ApprovalStranger"/> or <see cref="ContractErrors.ApprovalOtherManifest"/>.</exception>
    public static VerifiedApproval Verify(ReadOnlyMemory<byte> bytes, Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);

        // A copy: the caller's buffer may change, and the message is kept.
        SignedByParty signed = SignedByParty.Verify(bytes.ToArray(), manifest, ContentType, MaxBytes, ContractErrors.ApprovalInvalid);
        return signed.Read(Type, "approval", (map, party) =>
        {
            Digest approved = map.Required("manifest").AsDigest();
            return approved == manifest.Digest
                ? new VerifiedApproval(party, signed.Message)
                : throw new OrchestratorException(ContractErrors.ApprovalOtherManifest, $"{party} approved manifest {approved}, not {manifest.Digest}.");
        });
    }

    /// <summary>Verifies that every party of <paramref name="manifest"/> has approved it, and nobody else.</summary>
    /// <returns>In the manifest's order.</returns>
    /// <exception cref="OrchestratorException">As <see cref="Verify"/>, or <see cref="ContractErrors.ApprovalMissing"/>.</exception>
    public static IReadOnlyList<VerifiedApproval> VerifyAll(IEnumerable<ReadOnlyMemory<byte>> approvals, Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var byParty = new SortedDictionary<string, VerifiedApproval>(StringComparer.Ordinal);
        foreach (ReadOnlyMemory<byte> bytes in approvals)
        {
            VerifiedApproval approval = Verify(bytes, manifest);
            if (!byParty.TryAdd(approval.Party, approval))
            {
                throw new OrchestratorException(ContractErrors.ApprovalInvalid, $"There are two approvals by {approval.Party}.");
            }
        }

        string[] missing = [.. manifest.Content.Parties.Select(party => party.Name).Where(name => !byParty.ContainsKey(name))];
        return missing.Length == 0
            ? [.. byParty.Values]
            : throw new OrchestratorException(ContractErrors.ApprovalMissing, $"Not approved by {string.Join(", ", missing)}.");
    }
}
