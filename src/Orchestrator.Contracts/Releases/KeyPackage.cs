using System.Text;
using Orchestrator.Attestation.Policies;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Releases;

/// <summary>
/// The keys that a party, or the group of a stage, releases to one session of one device, for one manifest (docs/spec/key-release.md).
/// Owns its keys: disposing it zeroes them.
/// </summary>
public sealed class KeyPackage : IDisposable
{
    /// <summary>Content type of the signed message inside.</summary>
    public const string ContentType = "application/orchestrator-key-package+cbor";

    /// <summary>The longest sealed package, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Bytes of a checkpoint share.</summary>
    public const int ShareSize = 32;

    private const string Type = "orchestrator/key-package/v1";

    private KeyPackage(string party, IReadOnlyDictionary<int, StreamKey> keys, CheckpointShare share, long leastCheckpoint)
    {
        Party = party;
        Keys = keys;
        Share = share;
        LeastCheckpoint = leastCheckpoint;
    }

    /// <summary>Who releases.</summary>
    public string Party { get; }

    /// <summary>Stream key by stream id: exactly the streams that the party owns.</summary>
    public IReadOnlyDictionary<int, StreamKey> Keys { get; }

    /// <summary>The party's part of the checkpoint key.</summary>
    public CheckpointShare Share { get; }

    /// <summary>The oldest checkpoint from which the party lets the job resume; 0: from the start.</summary>
    public long LeastCheckpoint { get; }

    /// <summary>Signs and seals a package to the session that <paramref name="permit"/> lets keys out to.</summary>
    /// <param name="permit">Proof that the party's own policy accepted the session's quote.</param>
    /// <param name="manifest">The approved manifest; its digest is the quote's.</param>
    /// <param name="signer">The party's key, as in the manifest.</param>
    /// <param name="keys">Exactly the keys of the party's streams, by stream id.</param>
    /// <param name="share">The party's checkpoint share for this manifest.</param>
    /// <param name="leastCheckpoint">Not negative.</param>
    /// <exception cref="ArgumentException">The permit is for another manifest, or the keys are not the party's.</exception>
    public static byte[] Seal(
        ReleasePermit permit, Manifest manifest, PartySigningKey signer, IReadOnlyDictionary<int, StreamKey> keys, CheckpointShare share, long leastCheckpoint)
    {
        ArgumentNullException.ThrowIfNull(permit);
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(share);
        ArgumentOutOfRangeException.ThrowIfNegative(leastCheckpoint);
        if (permit.Quote.Claims.Manifest != manifest.Digest || !OwnsExactly(manifest, permit.Party, keys.Keys))
        {
            throw new ArgumentException("The permit and the keys must be for this manifest and party.", nameof(permit));
        }

        byte[] payload = EncodePayload(permit, manifest, keys, share, leastCheckpoint);
        byte[] signed = CoseSign1.Sign(signer, ContentType, Encoding.UTF8.GetBytes(permit.Party), payload);
        try
        {
            return Hpke.Seal(permit.Quote.Claims.SessionKey, Info(manifest.Digest, permit.Quote.Digest), Encoding.UTF8.GetBytes(permit.Party), signed);
        }
        finally
        {
            Secrets.Zero(payload, signed);
        }
    }

    /// <summary>Opens a package inside the device and verifies who released it, for what, to whom.</summary>
    /// <param name="sealedPackage">Untrusted bytes.</param>
    /// <param name="party">For whom the host stages it.</param>
    /// <param name="sessionKey">The private half of the quote's session key.</param>
    /// <param name="job">The loaded manifest and what its stages made.</param>
    /// <param name="quote">SHA-256 of this session's evidence.</param>
    /// <exception cref="OrchestratorException"><see cref="ContractErrors.KeyPackageInvalid"/>,
    /// <see cref="ContractErrors.ApprovalStranger"/> or <see cref="ContractErrors.KeyPackageKeys"/>.</exception>
    public static KeyPackage Open(ReadOnlyMemory<byte> sealedPackage, string party, HpkePrivateKey sessionKey, PreparedJob job, Digest quote)
    {
        ArgumentNullException.ThrowIfNull(job);
        Manifest manifest = job.Manifest;
        if (sealedPackage.Length > MaxBytes
            || !Hpke.TryOpen(sessionKey, Info(manifest.Digest, quote), Encoding.UTF8.GetBytes(party), sealedPackage.Span, out byte[]? signed))
        {
            throw new OrchestratorException(ContractErrors.KeyPackageInvalid, $"The package staged for {party} does not open with this session's key.");
        }

        SignedByParty? message = null;
        try
        {
            message = SignedByParty.Verify(signed, job.SigningKeyOf, ContentType, MaxBytes, ContractErrors.KeyPackageInvalid);
            return message.Read(Type, "key package", (map, signer) => Read(map, signer, party, manifest, quote));
        }
        finally
        {
            message?.Erase();
            Secrets.Zero(signed);
        }
    }

    /// <summary>Zeroes all keys.</summary>
    public void Dispose()
    {
        foreach (StreamKey key in Keys.Values)
        {
            key.Dispose();
        }

        Share.Dispose();
    }

    private static byte[] EncodePayload(ReleasePermit permit, Manifest manifest, IReadOnlyDictionary<int, StreamKey> keys, CheckpointShare share, long leastCheckpoint)
    {
        var exported = new List<byte[]>();
        CborValue Export(byte[] secret)
        {
            exported.Add(secret);
            return secret;
        }

        CborMap payload = CborMap.Of(
            ("type", Type),
            ("manifest", manifest.Digest),
            ("quote", permit.Quote.Digest),
            ("party", permit.Party),
            ("keys", new CborMap([.. keys.Select(entry => ((CborValue)entry.Key, Export(Secrets.Export(entry.Value))))])),
            ("checkpoint_share", Export(share.Export())),
            ("least_checkpoint", leastCheckpoint));
        byte[] encoding = payload.Encode();
        payload.Erase();
        Secrets.Zero([.. exported]);
        return encoding;
    }

    private static KeyPackage Read(CborMapReader map, string signer, string party, Manifest manifest, Digest quote)
    {
        CborField manifestField = map.Required("manifest");
        CborField quoteField = map.Required("quote");
        if (signer != party || manifestField.AsDigest() != manifest.Digest || quoteField.AsDigest() != quote)
        {
            throw new OrchestratorException(ContractErrors.KeyPackageInvalid, $"The package that {signer} signed is for another party, manifest or quote.");
        }

        CborField keys = map.Required("keys");
        CborMap entries = keys.Value as CborMap ?? throw keys.OutOfRange("is not a map");
        CborField share = map.Required("checkpoint_share");
        long least = map.Required("least_checkpoint").AsInt64(0);
        int[] ids = [.. entries.Entries.Select(entry => entry.Key is CborInt { Value: > 0 and <= int.MaxValue } id ? (int)id.Value : 0)];
        if (!OwnsExactly(manifest, party, ids))
        {
            throw new OrchestratorException(ContractErrors.KeyPackageKeys, $"{party} sent keys for the streams {string.Join(", ", ids)}.");
        }

        return new KeyPackage(
            party,
            entries.Entries.ToDictionary(
                entry => (int)((CborInt)entry.Key).Value,
                entry => StreamKey.Import(entry.Value.As("key package.keys").AsFixedBytes(StreamKey.Size).Span)),
            CheckpointShare.Import(share.AsFixedBytes(ShareSize).Span),
            least);
    }

    private static bool OwnsExactly(Manifest manifest, string party, IEnumerable<int> ids) =>
        manifest.StreamsOf(party).Select(stream => stream.Id).ToHashSet().SetEquals(ids);

    private static byte[] Info(Digest manifest, Digest quote) => [.. Encoding.UTF8.GetBytes(Type), 0, .. manifest.ToArray(), .. quote.ToArray()];
}
