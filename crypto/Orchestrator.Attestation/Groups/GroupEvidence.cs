using System.Collections.Immutable;
using System.Security.Cryptography;
using Orchestrator.Attestation.Snp;
using Orchestrator.Attestation.X509;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Errors;

namespace Orchestrator.Attestation.Groups;

/// <summary>
/// What a host shows for a container group: the report, its chain, what the report binds, and the parties' nonces (docs/spec/prepare-stage.md).
/// Taken apart, not verified.
/// </summary>
public sealed class GroupEvidence
{
    /// <summary>The longest evidence, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Bytes of a party's nonce.</summary>
    public const int NonceSize = 32;

    private const string Type = "orchestrator/group-evidence/v1";
    private const int MaxChainChars = 64 * 1024;
    private const int MaxEndorsement = 256 * 1024;
    private const int MaxNonces = 1024;
    private const int MaxName = 64;

    private readonly ReadOnlyMemory<byte> _binding;

    private GroupEvidence(ReadOnlyMemory<byte> bytes, CborMapReader map)
    {
        Bytes = bytes;
        Digest = Digest.Of(bytes.Span);
        Report = SnpReport.Parse(map.Required("report").AsFixedBytes(SnpReport.Size).Span);
        Certificates = SignedCertificate.ParsePem(map.Required("chain").AsText(MaxChainChars));
        CborField binding = map.Required("binding");
        _binding = binding.Value.Encode();
        Binding = GroupBinding.FromCbor(binding);
        Nonces = ReadNonces(map.Required("nonces"));
        Endorsement = map.Optional("endorsement") is { } endorsement ? endorsement.AsBytes(MaxEndorsement) : (ReadOnlyMemory<byte>?)null;
    }

    /// <summary>As received.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>SHA-256 of <see cref="Bytes"/>: names this group in packages, statements and receipts.</summary>
    public Digest Digest { get; }

    /// <summary>The processor's report.</summary>
    public SnpReport Report { get; }

    /// <summary>The chain of the key that signed the report, in any order.</summary>
    public IReadOnlyList<SignedCertificate> Certificates { get; }

    /// <summary>What the report binds, as the host says.</summary>
    public GroupBinding Binding { get; }

    /// <summary>The parties' nonces, by party, as the host says.</summary>
    public ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> Nonces { get; }

    /// <summary>The publisher's endorsement of the launch measurement, if the host has one.</summary>
    public ReadOnlyMemory<byte>? Endorsement { get; }

    /// <summary>The one nonce that stands for all parties' in a group's binding: SHA-512 of the deterministic map of them.</summary>
    public static byte[] Combine(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> nonces) => SHA512.HashData(EncodeNonces(nonces).Encode());

    /// <summary>Puts evidence together.</summary>
    public static byte[] Encode(
        ReadOnlyMemory<byte> report, string chain, CborValue binding, IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> nonces, ReadOnlyMemory<byte>? endorsement = null) => CborMap.Of(
        ("type", Type),
        ("report", report),
        ("chain", chain),
        ("binding", binding),
        ("nonces", EncodeNonces(nonces)),
        ("endorsement", endorsement is { } statement ? (CborValue)statement : null)).Encode();

    /// <summary>Takes evidence apart. Nothing of it is verified.</summary>
    /// <exception cref="OrchestratorException"><see cref="GroupErrors.EvidenceMalformed"/>.</exception>
    public static GroupEvidence Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            // A copy: the caller's buffer may change after its digest was taken.
            byte[] copy = bytes.ToArray();
            return CborValue.Decode(copy, new CborLimits { MaxBytes = MaxBytes }).As("group evidence").ReadMap(map =>
            {
                CborField type = map.Required("type");
                return type.AsText() == Type ? new GroupEvidence(copy, map) : throw type.OutOfRange($"is not {Type}");
            });
        }
        catch (OrchestratorException e)
        {
            throw new OrchestratorException(GroupErrors.EvidenceMalformed, $"The group's evidence cannot be understood: {e.Message}", inner: e);
        }
    }

    /// <summary>Checks that the report is about this binding, and the binding about these nonces. Whether a processor made the report is not looked at.</summary>
    /// <exception cref="OrchestratorException"><see cref="GroupErrors.Unbound"/>.</exception>
    public void RequireBound()
    {
        if (!Report.ReportData.Span.SequenceEqual(SHA512.HashData(_binding.Span)))
        {
            throw new OrchestratorException(GroupErrors.Unbound, "The report's data is not the digest of the binding beside it.");
        }

        if (Binding.Nonces is not [{ } nonce] || !nonce.Span.SequenceEqual(Combine(Nonces)))
        {
            throw new OrchestratorException(GroupErrors.Unbound, "The binding does not hold the digest of the nonces beside it.");
        }
    }

    private static CborMap EncodeNonces(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> nonces) =>
        new(nonces.Select(nonce => ((CborValue)nonce.Key, (CborValue)nonce.Value)));

    private static ImmutableSortedDictionary<string, ReadOnlyMemory<byte>> ReadNonces(CborField field)
    {
        CborMap map = field.Value as CborMap ?? throw field.OutOfRange("is not a map");
        return map.Entries.Length <= MaxNonces
            ? map.Entries.ToImmutableSortedDictionary(
                entry => entry.Key.As($"{field.Path} key").AsText(MaxName), entry => entry.Value.As(field.Path).AsFixedBytes(NonceSize), StringComparer.Ordinal)
            : throw field.OutOfRange($"has more than {MaxNonces} nonces");
    }
}
