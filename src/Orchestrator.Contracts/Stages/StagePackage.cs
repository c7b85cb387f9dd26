using System.Text;
using Orchestrator.Attestation.Groups;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Signatures;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Stages;

/// <summary>The keys of a party's files, released to one group for one stage of one job. Owns its keys: disposing it zeroes them.</summary>
public sealed class StagePackage : IDisposable
{
    /// <summary>Content type of the signed message inside.</summary>
    public const string ContentType = "application/orchestrator-stage-package+cbor";

    /// <summary>The longest sealed package, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    private const string Type = "orchestrator/stage-package/v1";

    private StagePackage(string party, IReadOnlyDictionary<string, StreamKey> keys)
    {
        Party = party;
        Keys = keys;
    }

    /// <summary>Who releases.</summary>
    public string Party { get; }

    /// <summary>Key by input: exactly the inputs that the party owns.</summary>
    public IReadOnlyDictionary<string, StreamKey> Keys { get; }

    /// <summary>Signs and seals a package to the group that <paramref name="permit"/> lets keys out to.</summary>
    /// <param name="permit">Proof that the party's own policy accepted the group's evidence.</param>
    /// <param name="manifest">The approved manifest.</param>
    /// <param name="stage">One of its stages.</param>
    /// <param name="signer">The party's key, as in the manifest.</param>
    /// <param name="keys">Exactly the keys of the party's inputs, by input.</param>
    /// <exception cref="ArgumentException">The permit is for another manifest, or the keys are not the party's.</exception>
    public static byte[] Seal(GroupPermit permit, Manifest manifest, ManifestStage stage, PartySigningKey signer, IReadOnlyDictionary<string, StreamKey> keys)
    {
        ArgumentNullException.ThrowIfNull(permit);
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentNullException.ThrowIfNull(keys);
        if (permit.Group.Binding.Manifest != manifest.Digest || !OwnsExactly(stage, permit.Party, keys.Keys))
        {
            throw new ArgumentException("The permit and the keys must be for this manifest and party.", nameof(permit));
        }

        byte[] payload = EncodePayload(permit, manifest, stage, keys);
        byte[] signed = CoseSign1.Sign(signer, ContentType, Encoding.UTF8.GetBytes(permit.Party), payload);
        try
        {
            return Hpke.Seal(permit.Group.Binding.SessionKey, Info(manifest.Digest, stage.Name, permit.Group.Digest), Encoding.UTF8.GetBytes(permit.Party), signed);
        }
        finally
        {
            Secrets.Zero(payload, signed);
        }
    }

    /// <summary>Opens a package inside the group and verifies who released it, for what, to whom.</summary>
    /// <param name="sealedPackage">Untrusted bytes.</param>
    /// <param name="party">For whom the host hands it in.</param>
    /// <param name="sessionKey">The private half of the group's session key.</param>
    /// <param name="manifest">The job.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="evidence">SHA-256 of this group's evidence.</param>
    /// <exception cref="OrchestratorException"><see cref="StageErrors.PackageInvalid"/>, <see cref="StageErrors.PackageKeys"/> or <see cref="ContractErrors.ApprovalStranger"/>.</exception>
    public static StagePackage Open(ReadOnlyMemory<byte> sealedPackage, string party, HpkePrivateKey sessionKey, Manifest manifest, ManifestStage stage, Digest evidence)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(stage);
        if (sealedPackage.Length > MaxBytes
            || !Hpke.TryOpen(sessionKey, Info(manifest.Digest, stage.Name, evidence), Encoding.UTF8.GetBytes(party), sealedPackage.Span, out byte[]? signed))
        {
            throw new OrchestratorException(StageErrors.PackageInvalid, $"The package handed in for {party} does not open with this group's key.");
        }

        SignedByParty? message = null;
        try
        {
            message = SignedByParty.Verify(signed, manifest, ContentType, MaxBytes, StageErrors.PackageInvalid);
            return message.Read(Type, "stage package", (map, signer) => Read(map, signer, party, manifest, stage, evidence));
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
    }

    private static byte[] EncodePayload(GroupPermit permit, Manifest manifest, ManifestStage stage, IReadOnlyDictionary<string, StreamKey> keys)
    {
        var exported = new List<byte[]>();
        CborValue Export(StreamKey key)
        {
            exported.Add(Secrets.Export(key));
            return exported[^1];
        }

        CborMap payload = CborMap.Of(
            ("type", Type),
            ("manifest", manifest.Digest),
            ("stage", stage.Name),
            ("evidence", permit.Group.Digest),
            ("party", permit.Party),
            ("keys", new CborMap([.. keys.Select(entry => ((CborValue)entry.Key, Export(entry.Value)))])));
        byte[] encoding = payload.Encode();
        payload.Erase();
        Secrets.Zero([.. exported]);
        return encoding;
    }

    private static StagePackage Read(CborMapReader map, string signer, string party, Manifest manifest, ManifestStage stage, Digest evidence)
    {
        CborField manifestField = map.Required("manifest");
        CborField stageField = map.Required("stage");
        CborField evidenceField = map.Required("evidence");
        CborField keys = map.Required("keys");
        if (signer != party || manifestField.AsDigest() != manifest.Digest || stageField.AsPartyName() != stage.Name || evidenceField.AsDigest() != evidence)
        {
            throw new OrchestratorException(StageErrors.PackageInvalid, $"The package that {signer} signed is for another party, manifest, stage or group.");
        }

        CborMap entries = keys.Value as CborMap ?? throw keys.OutOfRange("is not a map");
        string[] names = [.. entries.Entries.Select(entry => entry.Key.As("stage package.keys key").AsPartyName())];
        return OwnsExactly(stage, party, names)
            ? new StagePackage(party, entries.Entries.Zip(names).ToDictionary(
                entry => entry.Second, entry => StreamKey.Import(entry.First.Value.As("stage package.keys").AsFixedBytes(StreamKey.Size).Span), StringComparer.Ordinal))
            : throw new OrchestratorException(StageErrors.PackageKeys, $"{party} sent keys for the inputs {string.Join(", ", names)}.");
    }

    private static bool OwnsExactly(ManifestStage stage, string party, IEnumerable<string> names) =>
        stage.Inputs.Where(input => input.Owner == party).Select(input => input.Name).ToHashSet().SetEquals(names);

    private static byte[] Info(Digest manifest, string stage, Digest evidence) =>
        [.. Encoding.UTF8.GetBytes(Type), 0, .. manifest.ToArray(), .. evidence.ToArray(), .. Encoding.UTF8.GetBytes(stage)];
}
