using System.Text;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Approvals;

/// <summary>A party's signed word that it takes its consent to a manifest back (docs/spec/manifest.md). Only <see cref="Withdrawal"/> makes one.</summary>
public sealed class VerifiedWithdrawal
{
    internal VerifiedWithdrawal(string party, ReadOnlyMemory<byte> bytes)
    {
        Party = party;
        Bytes = bytes;
    }

    /// <summary>Who withdraws.</summary>
    public string Party { get; }

    /// <summary>The signed message.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }
}

/// <summary>Makes and verifies withdrawals. They are signed so that no host can end a job early in a party's name.</summary>
public static class Withdrawal
{
    /// <summary>Content type of the signed message.</summary>
    public const string ContentType = "application/orchestrator-withdrawal+cbor";

    /// <summary>The longest signed message, in bytes.</summary>
    public const int MaxBytes = 4096;

    private const string Type = "orchestrator/withdrawal/v1";

    /// <summary>Withdraws in the name of <paramref name="party"/>.</summary>
    /// <exception cref="OrchestratorException">As <see cref="Verify"/>.</exception>
    public static VerifiedWithdrawal Sign(Manifest manifest, string party, PartySigningKey key)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(key);
        byte[] payload = CborMap.Of(("type", Type), ("manifest", manifest.Digest), ("party", party)).Encode();
        return Verify(CoseSign1.Sign(key, ContentType, Encoding.UTF8.GetBytes(party), payload), manifest);
    }

    /// <summary>Verifies untrusted bytes against the keys in <paramref name="manifest"/>.</summary>
    /// <exception cref="OrchestratorException"><see cref="ContractErrors.WithdrawalInvalid"/> or <see cref="ContractErrors.ApprovalStranger"/>.</exception>
    public static VerifiedWithdrawal Verify(ReadOnlyMemory<byte> bytes, Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        SignedByParty signed = SignedByParty.Verify(bytes.ToArray(), manifest, ContentType, MaxBytes, ContractErrors.WithdrawalInvalid);
        return signed.Read(Type, "withdrawal", (map, party) => map.Required("manifest").AsDigest() == manifest.Digest
            ? new VerifiedWithdrawal(party, signed.Message)
            : throw new OrchestratorException(ContractErrors.WithdrawalInvalid, $"{party} withdrew from another manifest."));
    }
}
