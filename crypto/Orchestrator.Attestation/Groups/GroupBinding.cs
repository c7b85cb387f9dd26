using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;

namespace Orchestrator.Attestation.Groups;

/// <summary>What a group's report binds together: its policy, its keys, and who asked for what. Made by the guest alone: a host that could choose it would name keys of its own.</summary>
public sealed record GroupBinding
{
    private const string Type = "orchestrator/group/v1";
    private const int MaxNonces = 64;
    private const int MaxNonce = 64;

    /// <summary>SHA-256 of the execution policy.</summary>
    public required Digest Policy { get; init; }

    /// <summary>Signs the group's decisions and statements.</summary>
    public required VerificationKey SigningKey { get; init; }

    /// <summary>Takes keys for the group.</summary>
    public required HpkePublicKey SessionKey { get; init; }

    /// <summary>The job that it works for; null: none.</summary>
    public Digest? Manifest { get; init; }

    /// <summary>Of those who want to know that the report is fresh.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Nonces { get; init; } = [];

    /// <summary>64 bytes for the report: SHA-512 of the encoding.</summary>
    public byte[] ReportData => SHA512.HashData(ToCbor().Encode());

    /// <summary>A map, see the specification.</summary>
    public CborMap ToCbor() => CborMap.Of(
        ("type", Type),
        ("policy", Policy),
        ("signing_key", SigningKey.ToArray()),
        ("session_key", SessionKey.ToArray()),
        ("manifest", Manifest is { } manifest ? manifest : null),
        ("nonces", new CborArray(Nonces.Select(nonce => (CborValue)nonce))));

    /// <summary>Reads what <see cref="ToCbor"/> writes.</summary>
    /// <exception cref="Errors.OrchestratorException">A code of <see cref="CborErrors"/>.</exception>
    public static GroupBinding FromCbor(CborField field) => field.ReadMap(map =>
    {
        CborField type = map.Required("type");
        return type.AsText() != Type ? throw type.OutOfRange($"is not {Type}") : new GroupBinding
        {
            Policy = map.Required("policy").AsDigest(),
            SigningKey = VerificationKey.TryImport(map.Required("signing_key").AsFixedBytes(VerificationKey.Size).Span, out VerificationKey? key)
                ? key : throw map.Required("signing_key").OutOfRange("is no key"),
            SessionKey = ReadSessionKey(map.Required("session_key")),
            Manifest = map.Optional("manifest")?.AsDigest(),
            Nonces = ReadNonces(map.Required("nonces")),
        };
    });

    /// <summary>Reads the nonces of a request or a binding.</summary>
    public static ImmutableArray<ReadOnlyMemory<byte>> ReadNonces(CborField field) => [.. field.AsArray(MaxNonces).Select(nonce => nonce.AsBytes(MaxNonce))];

    private static HpkePublicKey ReadSessionKey(CborField field) =>
        HpkePublicKey.TryImport(field.AsFixedBytes(HpkePublicKey.Size).Span, out HpkePublicKey? key) ? key : throw field.OutOfRange("is no key");
}
