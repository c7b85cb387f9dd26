using System.Text;
using Orchestrator.Contracts.Manifests;
using Orchestrator.Contracts.Releases;
using Orchestrator.Contracts.Stages;
using Orchestrator.Crypto;
using Orchestrator.Crypto.Cbor;
using Orchestrator.Crypto.Cose;
using Orchestrator.Crypto.HybridEncryption;
using Orchestrator.Crypto.Streams;
using Orchestrator.Errors;

namespace Orchestrator.Contracts.Tests;

public sealed class KeyPackageTests
{
    private readonly Session _session = new();

    [Fact]
    public void Open_InTheAttestedSession_GivesThePartysKeys()
    {
        using KeyPackage package = Open(_session.SealPackage("lab"), "lab");

        Assert.Equal([1, 4], package.Keys.Keys.Order());
        Span<byte> key = stackalloc byte[StreamKey.Size];
        package.Keys[4].Export(key);
        Assert.Equal(Digest.Of([4]).ToArray(), key.ToArray());
        Assert.Equal(0, package.LeastCheckpoint);
    }

    [Fact]
    public void Open_OfAnyFlippedByte_IsRefused()
    {
        byte[] package = _session.SealPackage("clinic-a");
        for (int i = 0; i < package.Length; i++)
        {
            byte[] altered = [.. package];
            altered[i] ^= 0x80;
            AssertRefused(ContractErrors.KeyPackageInvalid, altered, "clinic-a");
        }
    }

    [Fact]
    public void Open_AsAnotherPartys_IsRefused() => AssertRefused(ContractErrors.KeyPackageInvalid, _session.SealPackage("clinic-a"), "clinic-b");

    [Fact]
    public void Open_InAnotherSession_IsRefused()
    {
        using var other = HpkePrivateKey.Generate();
        AssertRefused(ContractErrors.KeyPackageInvalid, () => KeyPackage.Open(_session.SealPackage("lab"), "lab", other, PreparedJob.Of(_session.Manifest, []), _session.Evidence.Digest));
    }

    [Fact]
    public void Open_ForAnotherQuote_IsRefused() => AssertRefused(
        ContractErrors.KeyPackageInvalid,
        () => KeyPackage.Open(_session.SealPackage("lab"), "lab", _session.Key, PreparedJob.Of(_session.Manifest, []), Digest.Of("another quote"u8)));

    [Fact]
    public void Open_ForAnotherManifest_IsRefused() => AssertRefused(
        ContractErrors.KeyPackageInvalid,
        () => KeyPackage.Open(_session.SealPackage("lab"), "lab", _session.Key, PreparedJob.Of(Manifest.Create(_session.Job.Content with { Serial = 99 }), []), _session.Evidence.Digest));

    // The host knows the session key: it can seal, but not sign.
    [Fact]
    public void Open_OfAPackageSignedByAnotherParty_IsRefused() => AssertRefused(
        ContractErrors.KeyPackageInvalid, Forge("lab", signer: "clinic-a", party: "lab", keys: [1, 4]), "lab");

    [Fact]
    public void Open_OfAPackageThatNamesAnotherParty_IsRefused() => AssertRefused(
        ContractErrors.KeyPackageInvalid, Forge("lab", signer: "lab", party: "clinic-a", keys: [1, 4]), "lab");

    // With the host's help a party could otherwise consent in another's name.
    [Fact]
    public void Open_OfAPackageThatAnotherPartySignedAsItself_IsRefused() => AssertRefused(
        ContractErrors.KeyPackageInvalid, Forge("lab", signer: "clinic-a", party: "clinic-a", keys: [1, 4]), "lab");

    // What is sealed to this session may have been signed for an earlier one.
    [Fact]
    public void Open_OfAPackageSignedForAnotherQuoteOrManifest_IsRefused()
    {
        AssertRefused(ContractErrors.KeyPackageInvalid, Forge("lab", "lab", "lab", [1, 4], quote: Digest.Of("another"u8)), "lab");
        AssertRefused(ContractErrors.KeyPackageInvalid, Forge("lab", "lab", "lab", [1, 4], manifest: Digest.Of("another"u8)), "lab");
    }

    [Theory]
    [InlineData(1)]
    [InlineData]
    [InlineData(1, 4, 5)]
    [InlineData(1, 3)]
    [InlineData(0, 1, 4)]
    public void Open_OfAPackageWithOtherKeysThanThePartysStreams_IsRefused(params int[] keys) =>
        AssertRefused(ContractErrors.KeyPackageKeys, Forge("lab", signer: "lab", party: "lab", keys), "lab");

    [Fact]
    public void Seal_WithAKeyMissing_IsMisuse()
    {
        using CheckpointShare share = CheckpointShare.Derive(new byte[32], _session.Manifest.Digest);
        Assert.Throws<ArgumentException>(() => KeyPackage.Seal(
            _session.PermitFor("lab"), _session.Manifest, _session.Job.SigningKeyOf("lab"), new Dictionary<int, StreamKey>(), share, 0));
    }

    [Fact]
    public void Derive_OfACheckpointShare_DependsOnSecretAndManifestAlone()
    {
        byte[] secret = [.. Enumerable.Repeat((byte)7, 32)];
        byte[] Share(byte[] from, string manifest)
        {
            using var share = CheckpointShare.Derive(from, Digest.Of(Encoding.UTF8.GetBytes(manifest)));
            return share.Export();
        }

        Assert.Equal(Share(secret, "a"), Share(secret, "a"));
        Assert.NotEqual(Share(secret, "a"), Share(secret, "b"));
        Assert.NotEqual(Share(secret, "a"), Share(new byte[32], "a"));
    }

    private byte[] Forge(string aad, string signer, string party, int[] keys, Digest? manifest = null, Digest? quote = null)
    {
        byte[] payload = CborMap.Of(
            ("type", "orchestrator/key-package/v1"),
            ("manifest", manifest ?? _session.Manifest.Digest),
            ("quote", quote ?? _session.Evidence.Digest),
            ("party", party),
            ("keys", new CborMap(keys.Select(id => ((CborValue)id, (CborValue)new byte[32])))),
            ("checkpoint_share", new byte[32]),
            ("least_checkpoint", 0)).Encode();
        byte[] signed = CoseSign1.Sign(_session.Job.SigningKeyOf(signer), KeyPackage.ContentType, Encoding.UTF8.GetBytes(party), payload);
        byte[] info = [.. "orchestrator/key-package/v1"u8, 0, .. _session.Manifest.Digest.ToArray(), .. _session.Evidence.Digest.ToArray()];
        return Hpke.Seal(_session.Key.PublicKey, info, Encoding.UTF8.GetBytes(aad), signed);
    }

    private KeyPackage Open(byte[] package, string party) =>
        KeyPackage.Open(package, party, _session.Key, PreparedJob.Of(_session.Manifest, []), _session.Evidence.Digest);

    private void AssertRefused(ErrorCode code, byte[] package, string party) => AssertRefused(code, () => Open(package, party));

    private static void AssertRefused(ErrorCode code, Func<object> open) =>
        Assert.Equal(code.Id, Assert.Throws<OrchestratorException>(open).Code.Id);
}
